import type { Problem } from './shapes';
import type { paths } from './types';

/** The paths that answer a GET with JSON, and what they answer. */
type Answer<P extends keyof paths> = paths[P] extends { get: { responses: { 200: { content: { 'application/json': infer R } } } } } ? R : never;

export type Params = Record<string, string | undefined>;

/** A request that did not give its answer: the server's problem document, or that it could not be reached (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export class Api {
  constructor(
    readonly token: string,
    private readonly base: string = '',
  ) {}

  /** `{id}` in the path is filled from the parameters, the others become the query. */
  async get<P extends keyof paths>(path: P, params: Params = {}, signal?: AbortSignal): Promise<Answer<P>> {
    const response = await this.#ask(fill(path, params), 'GET', signal);
    return (await response.json()) as Answer<P>;
  }

  /** Does something; the answer has nothing in it. */
  async act<P extends keyof paths>(method: 'POST' | 'DELETE', path: P, params: Params = {}): Promise<void> {
    await this.#ask(fill(path, params), method);
  }

  async #ask(path: string, method: string, signal?: AbortSignal): Promise<Response> {
    let response: Response;
    try {
      const headers = { authorization: `Bearer ${this.token}`, accept: 'application/json' };
      response = await fetch(this.base + path, signal ? { method, headers, signal } : { method, headers });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
    }
    if (!response.ok) throw await problem(response);
    return response;
  }
}

export function fill(path: string, params: Params): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue;
    const slot = `{${name}}`;
    if (filled.includes(slot)) filled = filled.replace(slot, encodeURIComponent(value));
    else query.set(name, value);
  }
  return query.size > 0 ? `${filled}?${query}` : filled;
}

async function problem(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as Partial<Problem>;
  const { status } = response;
  return new ApiError(status, body.code ?? `http_${status}`, body.detail ?? body.title ?? `The server answered ${status}.`);
}
