import { expect, test } from 'vitest';
import type { Forecast, WorkWeek } from '../api/shapes';
import { amount, changeWords, patternWords, trust, unusualWords, weekFigures, weight } from './outlook';

const HOUR = 3_600_000;
const forecast = (better: boolean, coverage: number | null): Forecast => ({
  measure: 'focus_ms',
  method: better ? 'weekday_level' : 'same_weekday_last_week',
  level: 0.8,
  backtest: {
    forecasts: 1513, days: 112, mean_error: better ? HOUR / 2 : HOUR, mean_error_same_weekday: 0.75 * HOUR, beats_same_weekday: better, coverage, coverage_forecasts: 1400,
  },
  recent: [],
  days: [],
});
const week = (fields: Partial<WorkWeek>): WorkWeek => ({
  week: '2026-W12', from: '2026-03-16', to: '2026-03-22', workdays: 5, pattern: 'standard_continuous', within_schedule: true, time_of_day: 'standard',
  active_hours: 9, span_hours: 9, break_hours: 0, expected_hours: 9, inside: 0.96, before: 0, after: 0.04, ...fields,
});

test('a forecast says what it was worth, and where last week was as good', () => {
  expect(trust(forecast(true, 0.78), 'en')).toBe(
    'Tried on 112 of your past days, 1,513 forecasts: off by 30 min on average; the same weekday last week would have been off by 45 min. The band held on 78 % of days; it is meant for 80 %.',
  );
  expect(trust(forecast(false, null), 'en')).toMatch(/nothing was better than the same weekday last week.*off by 45 min on average.*by 1 h\. How often the band holds is not known yet/);
});

test('changes and unusual days are told with what was before', () => {
  const change = { measure: 'meeting_ms' as const, day: '2026-01-07', before: HOUR, after: 2.5 * HOUR, workdays_before: 20, workdays_after: 30, strength: 2 };
  expect(changeWords(change, 'en')).toMatch(/^Meetings went up from 1 h to 2 h 30 min a workday, from about .*January.* on\.$/);
  const unusual = { measure: 'load' as const, day: '2026-03-13', value: 51.48, usual: 15.26, workdays: 34, strength: 6 };
  expect(unusualWords(unusual, 'en')).toMatch(/: 51 of interruption load, where 15 was usual\.$/);
  expect(amount('load', 3.26, 'en')).toBe('3.3');
});

test('a week has a pattern in words, with the figures behind it', () => {
  expect(patternWords(week({}))).toBe('Usual hours');
  expect(patternWords(week({ pattern: 'long_flexible', within_schedule: false }))).toBe('Long, with breaks, partly at other hours');
  expect(patternWords(week({ pattern: 'always_on', within_schedule: false, time_of_day: 'evening' }))).toBe('Always on, into the evening');
  expect(weekFigures(week({}), 'en')).toBe('9 hours of the clock, none empty; long from 10; 96 % inside working hours');
  const thin = week({ workdays: 1, pattern: null, within_schedule: null, time_of_day: null, active_hours: null });
  expect([patternWords(thin), weekFigures(thin, 'en')]).toEqual(['Not enough to say', '1 day worked']);
  expect([week({ pattern: 'always_on' }), week({ pattern: 'long_continuous' }), week({ pattern: 'low' }), thin].map(weight)).toEqual([3, 2, 1, 0]);
});
