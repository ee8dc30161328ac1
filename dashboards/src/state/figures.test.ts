import { expect, test } from 'vitest';
import type { Trends } from '../api/shapes';
import { daysUpTo, history } from './figures';

const trends = {
  points: [
    { day: '2026-11-18', figures: { switches: { mean: 1, median: 80, p90: 1 } } },
    { day: '2026-11-19', figures: null },
    { day: '2026-11-20', figures: { switches: { mean: 1, median: 10, p90: 1 } } },
  ],
} as unknown as Trends;

test('days run over the end of a month', () => {
  expect(daysUpTo('2026-03-02', 4)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02']);
});

test('hidden and missing days are gaps, and the live value stands for today', () => {
  const days = daysUpTo('2026-11-20', 4);
  expect(history(trends, 'switches', days, 42)).toEqual([null, 80, null, 42]);
  expect(history(trends, 'switches', days, null)).toEqual([null, 80, null, 10]);
  expect(history(null, 'switches', days, null)).toEqual([null, null, null, null]);
});
