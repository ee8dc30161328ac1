import type { HeatCell } from '../api/shapes';

export type HeatMetric = 'focus' | 'score';

/** Upper ends (excluded) of the lower six of seven steps: a fixed scale, so that teams and weeks look alike. */
export const HEAT_BOUNDS: Record<HeatMetric, readonly number[]> = {
  focus: [0.15, 0.25, 0.35, 0.45, 0.55, 0.65],
  score: [8, 15, 25, 35, 50, 65],
};

/** Null where it may not be shown or there is nothing to show. */
export function heatValue(cell: HeatCell | undefined, metric: HeatMetric): number | null {
  if (!cell || cell.suppressed) return null;
  if (metric === 'score') return cell.interruption_score;
  return cell.focus_ms === null || !cell.active_ms ? null : cell.focus_ms / cell.active_ms;
}

export function heatStep(value: number, metric: HeatMetric): number {
  const step = HEAT_BOUNDS[metric].findIndex((bound) => value < bound);
  return step === -1 ? HEAT_BOUNDS[metric].length : step;
}

const LEAST_HOURS = 9;

/** The hours worth a column: from the first to the last with anything to show, nine at least. */
export function heatHours(cells: readonly HeatCell[]): number[] {
  const hours = cells.filter((cell) => !cell.suppressed).map((cell) => cell.hour);
  if (hours.length === 0) return Array.from({ length: 12 }, (_, i) => i + 7);
  let first = Math.min(...hours);
  let last = Math.max(...hours);
  while (last - first + 1 < LEAST_HOURS) {
    if (first > 0) first--;
    if (last < 23 && last - first + 1 < LEAST_HOURS) last++;
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
