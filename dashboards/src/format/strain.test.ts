import { expect, test } from 'vitest';
import type { BurnoutPoint } from '../api/shapes';
import { reasons, span } from './strain';

const point = (contributions: number[], bounds: [number, number] | null): BurnoutPoint => ({
  day: '2026-03-18',
  risk: bounds === null ? null : (bounds[0] + bounds[1]) / 2,
  risk_low: bounds?.[0] ?? null,
  risk_high: bounds?.[1] ?? null,
  level: bounds === null ? null : 'low',
  status: bounds === null ? 'insufficient_data' : 'ok',
  model: 'baseline-1',
  active_days: 20,
  features: contributions.map((contribution, i) => ({ name: i === 0 ? 'overwork' : `f${i}`, value: contribution, contribution })),
  final: true,
});

test('the largest reasons come with their share of the largest, and nothing that adds next to nothing', () => {
  expect(reasons(point([0.8, 0.4, 0.2, 0.1, 0.09, 0.01], [0.1, 0.2]))).toEqual([
    { name: 'overwork', words: 'Long weeks', share: 1 },
    { name: 'f1', words: 'f1', share: 0.5 },
    { name: 'f2', words: 'f2', share: 0.25 },
    { name: 'f3', words: 'f3', share: 0.125 },
  ]);
  expect(reasons(point([0.04], null))).toEqual([]);
});

test('a span is a pair of percentages, or one where they are the same', () => {
  expect(span(point([], [0.121, 0.338]), 'en')).toBe('12–34 %');
  expect(span(point([], [0.041, 0.042]), 'en')).toBe('4 %');
  expect(span(point([], null), 'en')).toBe('');
});
