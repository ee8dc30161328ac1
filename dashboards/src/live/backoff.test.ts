import { expect, test } from 'vitest';
import { delay } from './backoff';

const backoff = { firstMs: 500, mostMs: 15_000 };

test('doubles up to the ceiling', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1000].map((n) => delay(backoff, n, 1))).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
});

test('half of every pause is random, none is shorter than half', () => {
  expect(delay(backoff, 3, 0)).toBe(2000);
  expect(delay(backoff, 3, 0.5)).toBe(3000);
});
