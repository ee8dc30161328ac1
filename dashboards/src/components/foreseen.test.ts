import { expect, test } from 'vitest';
import type { Forecast } from '../api/shapes';
import { chartDays, marks, type ChartDay } from './foreseen';

const HOUR = 3_600_000;
const forecast = {
  recent: [{ day: '2026-03-16', value: HOUR }, { day: '2026-03-17', value: null }],
  days: [{ day: '2026-03-19', day_off: false, value: HOUR, low: 0, high: 2 * HOUR }, { day: '2026-03-20', day_off: true, value: null, low: null, high: null }],
} as unknown as Forecast;

test('today lies between what was and what is to come', () => {
  expect(chartDays(forecast).map(({ day, kind }) => `${day} ${kind}`)).toEqual(['2026-03-16 past', '2026-03-17 past', '2026-03-18 today', '2026-03-19 foreseen', '2026-03-20 off']);
  expect(chartDays({ ...forecast, days: [] })).toHaveLength(2);
});

test('marks are round and reach above the highest', () => {
  const day = (high: number): ChartDay => ({ day: '', kind: 'foreseen', value: 0, low: 0, high });
  expect(marks([day(3.8 * HOUR)], HOUR).map((ms) => ms / HOUR)).toEqual([0, 1, 2, 3, 4]);
  expect(marks([day(47)], 1)).toEqual([0, 20, 40, 60]);
  expect(marks([day(0)], 1)).toEqual([0, 1]);
});
