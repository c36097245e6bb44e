import type { LiveEvent } from '@shelfcast/schemas/monitor/live';

/** Reports that wait for a slow client: the newest of them, and how many others there were. */
export interface Backlog {
  isEmpty(): boolean;
  add(events: readonly LiveEvent[]): void;
  take(): { readonly items: readonly LiveEvent[]; readonly sampled: number };
}

export function createBacklog(capacity: number): Backlog {
  let items: LiveEvent[] = [];
  let sampled = 0;
  return {
    isEmpty: () => items.length === 0 && sampled === 0,
    add(events) {
      for (const event of events) items.push(event);
      const tooMany = items.length - capacity;
      if (tooMany <= 0) return;
      items.splice(0, tooMany);
      sampled += tooMany;
    },
    take() {
      const taken = { items, sampled };
      items = [];
      sampled = 0;
      return taken;
    },
  };
}
