import { expect, test } from 'vitest';
import { behind, count, duration, figure, minutes, NONE, percent } from './numbers';

const HOUR = 3_600_000;

test('durations', () => {
  expect(duration(0, 'en')).toBe('0 min');
  expect(duration(29_999, 'en')).toBe('0 min');
  expect(duration(41 * 60_000, 'en')).toBe('41 min');
  expect(duration(2 * HOUR, 'en')).toBe('2 h');
  expect(duration(2 * HOUR + 41 * 60_000, 'en')).toBe('2 h 41 min');
  expect(duration(2 * HOUR - 1, 'en')).toBe('2 h');
});

test('figures have a decimal where it tells something, in the reader\'s format', () => {
  expect([0, 3, 3.25, 9.96, 12.4].map((v) => figure(v, 'en'))).toEqual(['0', '3', '3.3', '10', '12']);
  expect(figure(3.25, 'de')).toBe('3,3');
  expect(count(12_345, 'de')).toBe('12.345');
  expect(minutes(150_000, 'en')).toBe('2.5');
  expect(percent(0.426, 'en')).toBe('43 %');
});

test('how far behind', () => {
  expect([-5, 180, 9_949, 9_950, 45_000, 60_000, 3 * HOUR].map((v) => behind(v, 'en'))).toEqual(['0.0 s', '0.2 s', '9.9 s', '10 s', '45 s', '1 min', '3 h']);
});

test('what is not known is a dash, never a zero', () => {
  for (const say of [count, figure, duration, minutes, percent]) expect(say(null)).toBe(NONE);
});
