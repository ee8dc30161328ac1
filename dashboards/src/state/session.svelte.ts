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

  /** Rights and teams as they are now; whoever reads goes on reading. What fails is asked for again the next time. */
  async renew(): Promise<void> {
    const before = this.state;
    if (before.phase !== 'ready') return;
    const { api, me, teams } = before;
    try {
      const seen = await look(api);
      const isOther = JSON.stringify(seen) !== JSON.stringify({ me, teams });
      if (isOther && this.state === before) this.state = { ...before, ...seen };
    } catch (error) {
      if (isUnknownToken(error) && this.state === before) this.signOut(UNKNOWN_TOKEN);
    }
  }

  async #enter(token: string): Promise<void> {
    this.state = { phase: 'loading' };
    const api = new Api(token);
    try {
      this.state = { phase: 'ready', api, ...(await look(api)) };
    } catch (error) {
      if (isUnknownToken(error)) this.signOut(UNKNOWN_TOKEN);
      else this.state = { phase: 'failed', error: error instanceof ApiError ? error : new ApiError(0, 'unexpected', String(error)) };
    }
  }
}

const UNKNOWN_TOKEN = 'This token is not known here, or no longer valid. Open the sign-in link again, or ask for a new token.';

function isUnknownToken(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

async function look(api: Api): Promise<{ me: WhoAmI; teams: TeamEntry[] }> {
  const me = await api.get('/v1/whoami');
  const { teams } = me.role === 'ingest' ? { teams: [] } : await api.get('/v1/teams');
  return { me, teams };
}

/** Where somebody without a place in the address begins. Null: there is nothing they may see yet. */
export function home(me: WhoAmI, teams: TeamEntry[]): Route | null {
  const first = teams.find((team) => team.members !== null && me.teams.includes(team.id)) ?? teams.find((team) => me.teams.includes(team.id));
  if (first) return { page: 'team', id: first.id };
  if (me.person !== null) return { page: 'me' };
  return me.org ? { page: 'org' } : null;
}
