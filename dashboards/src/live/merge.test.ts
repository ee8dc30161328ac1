import { describe, expect, test } from 'vitest';
import { merge } from './merge';

const state = {
  at: 1,
  n: 9,
  now: { active: 8, in_focus: 4, in_meeting: 2 },
  today: { day: '2026-11-20', focus_ms: { mean: 1, median: 2, p90: 3 }, switches: { mean: 4, median: 5, p90: 6 } },
  windows: [
    { start: 300_000, focus_ms: 1 },
    { start: 600_000, focus_ms: 2 },
  ],
};

describe('merge', () => {
  test('keeps what the delta does not name and replaces what it does', () => {
    const next = merge(state, { at: 2, now: { in_focus: 5 } });
    expect(next).toEqual({ ...state, at: 2, now: { active: 8, in_focus: 5, in_meeting: 2 } });
  });

  test('replaces and adds windows by start, in order', () => {
    const next = merge(state, { windows: [{ start: 900_000, focus_ms: 9 }, { start: 300_000, focus_ms: 7 }, { start: 450_000, focus_ms: 8 }] });
    expect(next['windows']).toEqual([
      { start: 300_000, focus_ms: 7 },
      { start: 450_000, focus_ms: 8 },
      { start: 600_000, focus_ms: 2 },
      { start: 900_000, focus_ms: 9 },
    ]);
  });

  test('reads the start of a person\'s windows under their own name', () => {
    const next = merge({ windows: [{ window_start: 1, focus_ms: 1 }] }, { windows: [{ window_start: 1, focus_ms: 2 }] });
    expect(next['windows']).toEqual([{ window_start: 1, focus_ms: 2 }]);
  });

  test('a delta may name one number deep down', () => {
    const next = merge(state, { today: { focus_ms: { median: 9 } } });
    expect(next['today']).toEqual({ ...state.today, focus_ms: { mean: 1, median: 9, p90: 3 } });
  });

  test('null replaces: a team that falls under the limit shows nothing more', () => {
    const next = merge(state, { suppressed: true, now: null, today: null });
    expect(next['now']).toBeNull();
    expect(next['today']).toBeNull();
  });

  test('an object takes the place of null', () => {
    expect(merge({ now: null }, { now: { active: 5 } })).toEqual({ now: { active: 5 } });
  });

  test('a new day clears the windows and figures of the old one', () => {
    const next = merge(state, { today: { day: '2026-11-21', focus_ms: { mean: 0, median: 0, p90: 0 } }, windows: [{ start: 86_400_000 }] });
    expect(next['windows']).toEqual([{ start: 86_400_000 }]);
    expect(next['today']).toEqual({ day: '2026-11-21', focus_ms: { mean: 0, median: 0, p90: 0 } });
    expect(merge(state, { today: { day: '2026-11-21' } })['windows']).toEqual([]);
  });

  test('does not touch the state it was given', () => {
    const before = structuredClone(state);
    merge(state, { now: { active: 0 }, windows: [{ start: 300_000, focus_ms: 99 }] });
    expect(state).toEqual(before);
  });
});
