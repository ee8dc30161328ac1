const REFRESH_MS = 15 * 60_000;

/** The time, once a second; stands still while nobody looks. */
class Clock {
  now = $state(Date.now());
  /** Changes every quarter of an hour: what does not come live is asked for again then, and so also when the day changes. */
  readonly quarter = $derived(Math.floor(this.now / REFRESH_MS));

  constructor() {
    setInterval(() => {
      if (document.visibilityState === 'visible') this.now = Date.now();
    }, 1000);
    document.addEventListener('visibilitychange', () => (this.now = Date.now()));
  }
}

export const clockwork = new Clock();
