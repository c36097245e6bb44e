import { span } from '../format.ts';

/** How the page and the monitor are connected. */
export type ConnectionState =
  | { readonly name: 'connecting' }
  | { readonly name: 'live' }
  /** Connected again, and being told what it missed. */
  | { readonly name: 'catchingUp'; readonly sinceMs: number }
  | { readonly name: 'disconnected'; readonly sinceMs: number }
  /** The monitor does not want this page: it has to sign in, or comes from elsewhere. */
  | { readonly name: 'refused'; readonly reason: string };

export type ConnectionEvent =
  | { readonly type: 'subscribed' }
  | { readonly type: 'batch'; readonly catchingUp: boolean }
  | { readonly type: 'lost'; readonly atMs: number }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'retrying' };

export function nextConnection(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  switch (event.type) {
    case 'subscribed':
      return state.name === 'disconnected'
        ? { name: 'catchingUp', sinceMs: state.sinceMs }
        : { name: 'live' };
    case 'batch':
      if (state.name === 'catchingUp' && event.catchingUp) return state;
      return state.name === 'live' ? state : { name: 'live' };
    case 'lost':
      // Since the first loss: failed attempts do not reset it.
      return 'sinceMs' in state
        ? { ...state, name: 'disconnected' }
        : { name: 'disconnected', sinceMs: event.atMs };
    case 'refused':
      return { name: 'refused', reason: event.reason };
    case 'retrying':
      return state.name === 'refused' ? { name: 'connecting' } : state;
  }
}

/** What the banner says; undefined when there is nothing to say. */
export function describeConnection(state: ConnectionState, nowMs: number): string | undefined {
  switch (state.name) {
    case 'disconnected':
      return `Disconnected for ${span(nowMs - state.sinceMs)}. Changes are kept; you will get exactly what you missed.`;
    case 'catchingUp':
      return 'Connected again: catching up with what you missed.';
    case 'refused':
      return `The monitor refuses this page: ${state.reason}.`;
    default:
      return undefined;
  }
}
