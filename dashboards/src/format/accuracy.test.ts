import { expect, test } from 'vitest';
import { hundred, oneOf } from './accuracy';

test('a hundred people are a hundred, and the shares are those told', () => {
  const of = hundred({ auc: 0.595, base_rate: 0.1, precision: 0.127 });
  expect(of).toEqual({ right: 6, missed: 4, wrong: 39, rest: 51 });
  for (const [base_rate, precision] of [[0.2, 0.429], [0.1, 0.25], [0.5, 0.5]] as const) {
    const { right, missed, wrong, rest } = hundred({ auc: 0.8, base_rate, precision });
    expect(right + missed + wrong + rest).toBe(100);
    expect(right + missed).toBe(base_rate * 100);
    expect(Math.abs(right / (right + wrong) - precision)).toBeLessThan(0.03);
  }
});

test('a share in words', () => {
  expect([0.127, 0.5, 0.33, 0.9].map(oneOf)).toEqual(['1 of 8', '1 of 2', '1 of 3', 'nearly all']);
});
