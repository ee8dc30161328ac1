/** What the windows of a day come to as series: slots, gaps, the hours on view. Pure. */

export const WINDOW_MS = 300_000;
const HOUR_MS = 3_600_000;

export interface DayPoint {
  start: number;
  n: number | null;
  suppressed: boolean;
  focus_ms: number | null;
  meeting_ms: number | null;
  interruptions: number | null;
  interruption_score: number | null;
}

export interface DaySeries {
  /** Every window from first to last, also those without a point. */
  starts: number[];
  points: (DayPoint | null)[];
}

/** One slot for each five minutes from the day's first point to `until`, so that gaps are gaps. */
export function daySeries(windows: readonly DayPoint[], until: number): DaySeries {
  const shown = windows.filter((window) => !window.suppressed);
  const first = shown[0] ?? windows[0];
  if (!first) return { starts: [], points: [] };
  const byStart = new Map(windows.map((window) => [window.start, window]));
  const last = Math.max(until - WINDOW_MS, windows.at(-1)?.start ?? 0);
  const starts: number[] = [];
  for (let start = first.start; start <= last; start += WINDOW_MS) starts.push(start);
  return { starts, points: starts.map((start) => byStart.get(start) ?? null) };
}

/** The hours on view: whole ones round what there is, and never less than a good part of a working day. */
export function dayRange(series: DaySeries, now: number): [number, number] {
  const first = series.starts[0] ?? now - 4 * HOUR_MS;
  const last = Math.max((series.starts.at(-1) ?? now) + WINDOW_MS, now);
  const lo = Math.floor((first - WINDOW_MS) / HOUR_MS) * HOUR_MS;
  const hi = Math.ceil((last + WINDOW_MS) / HOUR_MS) * HOUR_MS;
  return [lo, Math.max(hi, lo + 8 * HOUR_MS)];
}

/**
 * Columns for uPlot: seconds (middle of the window), focus minutes, interruptions. A window not known to its end has no
 * focus yet: a part of five minutes would look like a fall.
 */
export function columns(series: DaySeries, knownAt: number): [number[], (number | null)[], (number | null)[]] {
  return [
    series.starts.map((start) => (start + WINDOW_MS / 2) / 1000),
    series.points.map((point) => (point?.focus_ms == null || point.start + WINDOW_MS > knownAt ? null : point.focus_ms / 60_000)),
    series.points.map((point) => (point?.interruptions ? point.interruptions : null)),
  ];
}

/** Runs of suppressed windows, to be hatched. */
export function hiddenSpans(series: DaySeries): [number, number][] {
  const spans: [number, number][] = [];
  series.points.forEach((point, i) => {
    const start = series.starts[i];
    if (!point?.suppressed || start === undefined) return;
    const last = spans.at(-1);
    if (last && last[1] === start) last[1] = start + WINDOW_MS;
    else spans.push([start, start + WINDOW_MS]);
  });
  return spans;
}

function most(values: readonly (number | null | undefined)[]): number {
  return values.reduce<number>((top, value) => Math.max(top, value ?? 0), 0);
}

/** The top of the focus scale in minutes: whole, with air above, and never more than the window has. */
export function focusCeiling(values: readonly (number | null | undefined)[]): number {
  return Math.min(5, Math.max(3, Math.ceil(most(values) * 1.15)));
}

/** The top of the scale of interruptions: bars keep to the lower third, clear of the area. */
export function barCeiling(values: readonly (number | null | undefined)[]): number {
  return Math.max(1, most(values)) * 3;
}

/** Whole numbers to mark on the scale of interruptions, three at most. */
export function barMarks(values: readonly (number | null | undefined)[]): number[] {
  const top = Math.max(1, Math.ceil(most(values)));
  const step = Math.ceil(top / 2);
  return [step, 2 * step].filter((mark) => mark <= top);
}
