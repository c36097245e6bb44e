export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: 'info' | 'good' | 'bad';
}

const SHOWN_MS = 6_000;

/** Short messages: shown for a while, and read out. */
export class Announcer {
  toasts: readonly Toast[] = $state.raw([]);
  #nextId = 1;

  say(text: string, kind: Toast['kind'] = 'info'): void {
    const id = this.#nextId;
    this.#nextId += 1;
    this.toasts = [...this.toasts, { id, text, kind }];
    setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }
}
