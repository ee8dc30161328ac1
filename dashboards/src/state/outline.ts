import type { TeamEntry } from '../api/shapes';

export interface OutlineRow {
  team: TeamEntry;
  depth: number;
}

/** Units under their parents, siblings by name. A parent the reader may not see leaves its children at the top. */
export function outline(teams: TeamEntry[]): OutlineRow[] {
  const known = new Set(teams.map((team) => team.id));
  const children = new Map<string | null, TeamEntry[]>();
  for (const team of teams) {
    const parent = team.parent !== null && known.has(team.parent) ? team.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), team]);
  }
  const rows: OutlineRow[] = [];
  const seen = new Set<string>();
  const visit = (parent: string | null, depth: number) => {
    for (const team of (children.get(parent) ?? []).toSorted((a, b) => a.name.localeCompare(b.name))) {
      if (seen.has(team.id)) continue;
      seen.add(team.id);
      rows.push({ team, depth });
      visit(team.id, depth + 1);
    }
  };
  visit(null, 0);
  // A circle of parents has no top; its units are still to be reached.
  for (const team of teams) if (!seen.has(team.id)) rows.push({ team, depth: 0 });
  return rows;
}
