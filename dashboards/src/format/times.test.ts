import { expect, test } from 'vitest';
import { isoDate, isoDateIn, weekdays } from './times';

test('the week begins on Monday', () => {
  expect(weekdays('short', 'en')).toEqual(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);
});

test('days back are calendar days', () => {
  const noon = new Date(2026, 2, 1, 12).getTime();
  expect(isoDate(noon)).toBe('2026-03-01');
  expect(isoDate(noon, 1)).toBe('2026-02-28');
  expect(isoDate(noon, 27)).toBe('2026-02-02');
});

test('an instant is another date elsewhere', () => {
  const at = Date.UTC(2026, 10, 20, 23, 30);
  expect(['UTC', 'Asia/Tokyo', 'America/Los_Angeles'].map((zone) => isoDateIn(at, zone))).toEqual(['2026-11-20', '2026-11-21', '2026-11-20']);
  expect(isoDateIn(Date.UTC(2026, 0, 4), 'UTC')).toBe('2026-01-04');
});
