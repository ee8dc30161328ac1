import { Api, ApiError } from '../api/client';
import type { TeamEntry, WhoAmI } from '../api/shapes';
import { browser, takeToken } from './token';
import type { Route } from './route.svelte';

export type SessionState =
  | { phase: 'signed-out'; notice: string | null }
  | { phase: 'loading' }
  | { phase: 'failed'; error: ApiError }
  | { phase: 'ready'; api: Api; me: WhoAmI; teams: TeamEntry[] };

/** Who looks, and which units they may see. */
export class Session {
  state = $state.raw<SessionState>({ phase: 'loading' });

  constructor() {
    const token = takeToken(browser);
    if (token === null) this.state = { phase: 'signed-out', notice: null };
    else void this.#enter(token);
    // A sign-in link may also be opened in a tab that is there already.
    window.addEventListener('hashchange', () => {
      if (/^#\/?token=/.test(window.location.hash)) {
        window.history.replaceState(window.history.state, '', window.location.hash);
        const fresh = takeToken(browser);
        if (fresh !== null) void this.#enter(fresh);
      }
    });
  }

  signIn(token: string): void {
    browser.keep(token);
    void this.#enter(token);
  }

  signOut(notice: string | null = null): void {
    browser.forget();
    this.state = { phase: 'signed-out', notice };
  }

  retry(): void {
    const token = browser.kept();
    if (token === null) this.signOut();
    else void this.#enter(token);
  }

  async #enter(token: string): Promise<void> {
    this.state = { phase: 'loading' };
    const api = new Api(token);
    try {
      const me = await api.get('/v1/whoami');
      const { teams } = me.role === 'ingest' ? { teams: [] } : await api.get('/v1/teams');
      this.state = { phase: 'ready', api, me, teams };
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        this.signOut('This token is not known here, or no longer valid. Open the sign-in link again, or ask for a new token.');
      } else {
        this.state = { phase: 'failed', error: error instanceof ApiError ? error : new ApiError(0, 'unexpected', String(error)) };
      }
    }
  }
}

/** Where somebody without a place in the address begins. Null: there is nothing they may see yet. */
export function home(me: WhoAmI, teams: TeamEntry[]): Route | null {
  const first = teams.find((team) => team.members !== null && me.teams.includes(team.id)) ?? teams.find((team) => me.teams.includes(team.id));
  if (first) return { page: 'team', id: first.id };
  if (me.person !== null) return { page: 'me' };
  return me.org ? { page: 'org' } : null;
}
