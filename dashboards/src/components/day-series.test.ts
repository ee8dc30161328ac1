import { expect, test } from 'vitest';
import * as chart from './day-series';

const T = 1_799_740_800_000; // a full hour
const W = 300_000;
const point = (start: number, focus_ms: number | null, interruptions: number | null = 0): chart.DayPoint => ({
  start, n: focus_ms === null ? null : 9, suppressed: focus_ms === null, focus_ms, meeting_ms: 0, interruptions, interruption_score: 0,
});

test('a window without a point is a gap, a suppressed one is hidden', () => {
  const series = chart.daySeries([point(T, 60_000, 0.5), point(T + 2 * W, null, null), point(T + 3 * W, null, null), point(T + 4 * W, 120_000)], T + 5 * W);
  expect(series.starts).toHaveLength(5);
  expect(chart.columns(series, T + 5 * W)).toEqual([
    series.starts.map((s) => (s + W / 2) / 1000),
    [1, null, null, null, 2],
    [0.5, null, null, null, null],
  ]);
  expect(chart.columns(series, T + 5 * W - 1)[1]).toEqual([1, null, null, null, null]);
  expect(chart.hiddenSpans(series)).toEqual([[T + 2 * W, T + 4 * W]]);
});

test('the day begins with what may be shown, not with the night before', () => {
  const series = chart.daySeries([point(T, null), point(T + 12 * W, 60_000)], T + 13 * W);
  expect(series.starts[0]).toBe(T + 12 * W);
  expect(chart.daySeries([], T)).toEqual({ starts: [], points: [] });
});

test('scales have air above and whole marks', () => {
  expect([[], [0.5], [2.5], [3], [4.9]].map((v) => chart.focusCeiling(v))).toEqual([3, 3, 3, 4, 5]);
  expect([[], [0.4], [1.2], [2], [7], [null, 3]].map((v) => chart.barMarks(v))).toEqual([[1], [1], [1, 2], [1, 2], [4], [2]]);
  expect(chart.barCeiling([null, 2])).toBe(6);
});

test('the view holds the data and now, in whole hours, eight at least', () => {
  const series = chart.daySeries([point(T + W, 60_000)], T + 2 * W);
  const [lo, hi] = chart.dayRange(series, T + 2 * W);
  expect(lo).toBe(T);
  expect(hi - lo).toBe(8 * 3_600_000);
  const [, late] = chart.dayRange(series, T + 9 * 3_600_000 + W);
  expect(late).toBe(T + 10 * 3_600_000);
});
