/**
 * The sign-in link is `/#token=SECRET`. The part after `#` never reaches a server; the page takes it out of the address
 * at once, so that it is neither in the history nor in a screenshot, and keeps it for as long as the tab lives.
 */
const KEY = 'focusflow.token';

export interface Places {
  hash: string;
  setHash(hash: string): void;
  kept(): string | null;
  keep(token: string): void;
  forget(): void;
}

export function takeToken(places: Places): string | null {
  const match = /^#\/?token=([^&]+)(?:&.*)?$/.exec(places.hash);
  const secret = match?.[1];
  if (secret === undefined) return places.kept();
  let token: string;
  try {
    token = decodeURIComponent(secret);
  } catch {
    token = secret;
  }
  places.keep(token);
  places.setHash('#/');
  return token;
}

/** Storage may be blocked; then the token is kept for as long as the page is open. */
let unstored: string | null = null;

function attempt<T>(what: () => T): T | null {
  try {
    return what();
  } catch {
    return null;
  }
}

export const browser: Places = {
  get hash() {
    return window.location.hash;
  },
  setHash: (hash) => window.history.replaceState(null, '', hash),
  kept: () => attempt(() => sessionStorage.getItem(KEY)) ?? unstored,
  keep: (token) => {
    unstored = token;
    attempt(() => sessionStorage.setItem(KEY, token));
  },
  forget: () => {
    unstored = null;
    attempt(() => sessionStorage.removeItem(KEY));
  },
};
