import { untrack } from 'svelte';
import { type KeyPress, matchKey, type Shortcut } from './shortcuts.ts';

/** The shortcuts that hold now. Those registered last win. */
export class Keyboard {
  shortcuts: readonly Shortcut[] = $state.raw([]);
  #pending: KeyPress | undefined;

  /** Adds shortcuts until the returned function is called: made for `$effect(() => keyboard.register([…]))`. */
  register(shortcuts: readonly Shortcut[]): () => void {
    // An effect that registers must not run again because of what it did.
    untrack(() => {
      this.shortcuts = [...this.shortcuts, ...shortcuts];
    });
    return () => {
      this.shortcuts = this.shortcuts.filter((one) => !shortcuts.includes(one));
    };
  }

  /** Listens to keys until the returned function is called. */
  listen(): () => void {
    const onKey = (event: KeyboardEvent): void => this.#press(event);
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }

  #press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    const isMod = event.metaKey || event.ctrlKey;
    if (!isMod && (isTyping(event.target) || document.querySelector('dialog:modal'))) return;
    const press = { key: event.key, isMod, atMs: event.timeStamp };
    const { hit, pending } = matchKey(this.shortcuts, press, this.#pending);
    this.#pending = pending;
    if (hit === undefined) return;
    event.preventDefault();
    hit.run();
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}
