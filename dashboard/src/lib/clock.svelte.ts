/** What time it is, once a second, for everything that says how long ago something was. */
export class Clock {
  nowMs: number = $state(Date.now());

  /** Ticks until the returned function is called. */
  start(): () => void {
    const timer = setInterval(() => {
      this.nowMs = Date.now();
    }, 1_000);
    return () => clearInterval(timer);
  }
}
