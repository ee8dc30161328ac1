import { expect, test } from 'vitest';
import { NOTHING, revived, withData, withPipeline } from './heard';

const T = 1_800_000_000_000;

test('only a message with new events is news; any says up to when the figures are known', () => {
  const live = withData(revived(NOTHING, T), { at: T, freshness_ms: 200 }, T);
  expect(live).toMatchObject({ since: T, knownAt: T, newsAt: T, behindMs: 200 });
  const presence = withData(live, { at: T + 5_000, freshness_ms: null }, T + 5_000);
  expect(presence).toMatchObject({ knownAt: T + 5_000, newsAt: T, behindMs: 200 });
  expect(withData(live, {}, T)).toEqual(live);
});

test('a link that comes back does not know what the newest event is, but keeps what was known', () => {
  const back = revived(withData(NOTHING, { at: T, freshness_ms: 200 }, T), T + 60_000);
  expect(back).toMatchObject({ since: T + 60_000, knownAt: T, newsAt: null });
});

test('without lag the figures are known up to now, with lag only up to what was processed', () => {
  const known = withData(NOTHING, { at: T, freshness_ms: 200 }, T);
  expect(withPipeline(known, { at: T + 9_000, lag_events: 0, lag_ms: 0 }, T + 9_300)).toMatchObject({ knownAt: T + 9_000, skewMs: 300, late: null });
  expect(withPipeline(known, { at: T + 9_000, lag_events: 7, lag_ms: 2_000 }, T)).toMatchObject({ knownAt: T + 7_000, late: null });
  expect(withPipeline(known, { at: T + 9_000, lag_events: 7, lag_ms: 60_000 }, T)).toMatchObject({ knownAt: T });
  expect(withPipeline(NOTHING, { at: T, lag_events: 7, lag_ms: null }, T).knownAt).toBeNull();
});

test('every message is a sign of life, from a server that gives one every second', () => {
  const beating = withPipeline(NOTHING, { at: T, lag_events: 0, lag_ms: 0 }, T);
  expect(beating.beatAt).toBe(T);
  expect(withData(beating, { at: T + 700 }, T + 700).beatAt).toBe(T + 700);
  expect(withData(NOTHING, { at: T }, T).beatAt).toBeNull();
  expect(revived(beating, T + 1_000).beatAt).toBeNull();
});

test('waiting events are counted from when the waiting began, until it is over', () => {
  const first = withPipeline(NOTHING, { at: T, lag_events: 7, lag_ms: null }, T);
  const second = withPipeline(first, { at: T + 1_000, lag_events: 9, lag_ms: 30_000 }, T + 1_000);
  expect(second.late).toEqual({ since: T, events: 9 });
  expect(withPipeline(second, { at: T + 2_000, lag_events: 3, lag_ms: 400 }, T + 2_000).late).toBeNull();
});
