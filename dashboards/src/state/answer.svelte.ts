import { ApiError } from '../api/client';

/** One REST answer on the page: what came last stays on view while it is asked for again. */
export class Answer<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  #current: AbortController | null = null;

  async load(ask: (signal: AbortSignal) => Promise<T>, keep = false): Promise<void> {
    this.#current?.abort();
    const current = new AbortController();
    this.#current = current;
    if (!keep) this.data = null;
    this.error = null;
    try {
      const data = await ask(current.signal);
      if (!current.signal.aborted) this.data = data;
    } catch (error) {
      if (current.signal.aborted) return;
      this.error = error instanceof ApiError ? error : new ApiError(0, 'unexpected', String(error));
    }
  }

  stop(): void {
    this.#current?.abort();
  }
}
