/** The days of a forecast's chart and where they are drawn: past days as bars, the next ones as bands. */
import type { Forecast } from '../api/shapes';

export interface ChartDay {
  day: string;
  /** Past days have a value or none; days to come also a band, or are off. */
  kind: 'past' | 'foreseen' | 'off' | 'today';
  value: number | null;
  low: number | null;
  high: number | null;
}

const DAY_MS = 86_400_000;

/** In order, today between what was and what is to come. */
export function chartDays({ recent, days }: Forecast): ChartDay[] {
  const past = recent.map(({ day, value }): ChartDay => ({ day, kind: 'past', value, low: null, high: null }));
  const next = days.map(({ day, day_off, value, low, high }): ChartDay => ({ day, kind: day_off ? 'off' : 'foreseen', value, low, high }));
  const first = next[0];
  if (!first) return past;
  const today = new Date(Date.parse(`${first.day}T00:00:00Z`) - DAY_MS).toISOString().slice(0, 10);
  return [...past, { day: today, kind: 'today', value: null, low: null, high: null }, ...next];
}

const STEPS = [1, 2, 5, 10];

/** Round marks from nothing to just above the highest, about four of them, in the unit that is written. */
export function marks(days: readonly ChartDay[], unit: number): number[] {
  const top = Math.max(unit, ...days.map(({ value, high }) => Math.max(value ?? 0, high ?? 0))) / unit;
  const rough = top / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, (STEPS.find((each) => each * power >= rough) ?? 10) * power);
  return Array.from({ length: Math.ceil(top / step) + 1 }, (_, i) => i * step * unit);
}
