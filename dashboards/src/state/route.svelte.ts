/** Where the reader is, as the part of the address after `#`. */
export type Route = { page: 'home' } | { page: 'team'; id: string } | { page: 'org' } | { page: 'me' } | { page: 'weeks' } | { page: 'accuracy' } | { page: 'unknown' };

/** Pages whose address is their name. */
const NAMED = ['org', 'me', 'weeks', 'accuracy'] as const;

export function parseRoute(hash: string): Route {
  const parts = hash.replace(/^#\/?/, '').split('/').filter(Boolean);
  if (parts.length === 0) return { page: 'home' };
  if (parts[0] === 'team' && parts[1] !== undefined && parts.length === 2) return { page: 'team', id: decode(parts[1]) };
  const named = NAMED.find((page) => page === parts[0]);
  if (named !== undefined && parts.length === 1) return { page: named };
  return { page: 'unknown' };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function href(route: Route): string {
  if (route.page === 'team') return `#/team/${encodeURIComponent(route.id)}`;
  return route.page === 'home' || route.page === 'unknown' ? '#/' : `#/${route.page}`;
}

class Location {
  route = $state.raw<Route>(parseRoute(window.location.hash));

  constructor() {
    window.addEventListener('hashchange', () => (this.route = parseRoute(window.location.hash)));
  }

  go(route: Route): void {
    window.location.hash = href(route);
  }
}

/** Made after the token has been taken out of the address. */
let location: Location | undefined;

export function currentLocation(): Location {
  return (location ??= new Location());
}
