import { expect, test } from 'vitest';
import { isoDate, weekdays } from './times';

test('the week begins on Monday', () => {
  expect(weekdays('short', 'en')).toEqual(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);
});

test('days back are calendar days', () => {
  const noon = new Date(2026, 2, 1, 12).getTime();
  expect(isoDate(noon)).toBe('2026-03-01');
  expect(isoDate(noon, 1)).toBe('2026-02-28');
  expect(isoDate(noon, 27)).toBe('2026-02-02');
});
