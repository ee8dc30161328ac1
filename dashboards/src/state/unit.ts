import type { TeamEntry, WhoAmI } from '../api/shapes';
import type { Route } from './route.svelte';

export interface UnitLink {
  name: string;
  /** Null where the reader may not go there. */
  route: Route | null;
}

/** A unit by its id as the server names it (`org` for the organisation); `named`: what the server calls it in an answer. */
export function unitLink(id: string, teams: TeamEntry[], me: WhoAmI, named?: string | null): UnitLink {
  if (id === 'org') return { name: 'the whole organisation', route: me.org ? { page: 'org' } : null };
  const team = teams.find((entry) => entry.id === id);
  // Units above the reader's own are not among the teams they see.
  return { name: team?.name ?? named ?? 'the unit above', route: me.teams.includes(id) ? { page: 'team', id } : null };
}
