import type { Figures, Trends } from '../api/shapes';

export const HISTORY_DAYS = 14;

export type Metric = keyof Figures;

/** The medians of a metric, one a day, null for days without: today last, and today's live value in its place. */
export function history(trends: Trends | null, metric: Metric, days: readonly string[], today: number | null): (number | null)[] {
  const byDay = new Map(trends?.points.map((point) => [point.day, point.figures?.[metric]?.median ?? null]));
  return days.map((day, i) => (i === days.length - 1 ? (today ?? byDay.get(day) ?? null) : (byDay.get(day) ?? null)));
}

/** The dates from `count - 1` days before `last` to `last`. */
export function daysUpTo(last: string, count: number): string[] {
  const end = Date.parse(`${last}T00:00:00Z`);
  return Array.from({ length: count }, (_, i) => new Date(end - (count - 1 - i) * 86_400_000).toISOString().slice(0, 10));
}
