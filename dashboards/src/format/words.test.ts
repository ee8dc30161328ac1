import { expect, test } from 'vitest';
import { scoreWord } from './words';

test('every score has a word, and the bounds belong to the upper one', () => {
  expect([0, 14.9, 15, 34, 35, 54.99, 55, 75, 100].map((s) => scoreWord(s).word)).toEqual([
    'calm', 'calm', 'steady', 'steady', 'busy', 'busy', 'hectic', 'stormy', 'stormy',
  ]);
  expect(scoreWord(100).step).toBe(4);
});
