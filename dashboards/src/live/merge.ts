import { isDoc, type Doc } from './protocol';

/**
 * The state after a delta: what the delta names replaces what was there, objects are merged field by field, `windows` are
 * replaced or added by their start, and null is a value like any other. The old state is left as it was.
 */
export function merge(state: Doc, delta: Doc): Doc {
  const next: Doc = { ...state };
  const newDay = startsNewDay(state, delta);
  for (const [key, value] of Object.entries(delta)) {
    const before = state[key];
    if (key === 'windows' && Array.isArray(value)) {
      next[key] = upsert(newDay || !Array.isArray(before) ? [] : before, value);
    } else if (isDoc(value) && isDoc(before) && !newDay) {
      next[key] = merge(before, value);
    } else {
      next[key] = value;
    }
  }
  if (newDay && !('windows' in delta)) next['windows'] = [];
  return next;
}

/** Midnight: yesterday's windows and figures must not show through today's. */
function startsNewDay(state: Doc, delta: Doc): boolean {
  return ['today', 'day'].some((part) => {
    const before = state[part];
    const after = delta[part];
    return isDoc(before) && isDoc(after) && after['day'] !== undefined && after['day'] !== before['day'];
  });
}

function startOf(window: unknown): number {
  if (!isDoc(window)) return Number.NaN;
  return Number(window['start'] ?? window['window_start']);
}

function upsert(before: unknown[], changed: unknown[]): unknown[] {
  const byStart = new Map(before.map((window) => [startOf(window), window]));
  for (const window of changed) byStart.set(startOf(window), window);
  byStart.delete(Number.NaN);
  return [...byStart.entries()].sort(([a], [b]) => a - b).map(([, window]) => window);
}
