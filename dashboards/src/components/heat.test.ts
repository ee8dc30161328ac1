import { expect, test } from 'vitest';
import { heatHours, heatStep, heatValue } from './heat';

const cell = (hour: number, more = {}) => ({ weekday: 0, hour, n: 9, suppressed: false, focus_ms: 30, active_ms: 60, interruptions: 1, interruption_score: 40, ...more });

test('a value only where there is one to show', () => {
  expect(heatValue(cell(9), 'focus')).toBe(0.5);
  expect(heatValue(cell(9), 'score')).toBe(40);
  expect(heatValue(cell(9, { suppressed: true }), 'focus')).toBeNull();
  expect(heatValue(cell(9, { active_ms: 0, focus_ms: 0 }), 'focus')).toBeNull();
  expect(heatValue(undefined, 'score')).toBeNull();
});

test('seven steps, bounds belong to the upper one', () => {
  expect([0, 0.15, 0.649, 0.65, 1].map((v) => heatStep(v, 'focus'))).toEqual([0, 1, 5, 6, 6]);
  expect([0, 8, 65, 100].map((v) => heatStep(v, 'score'))).toEqual([0, 1, 6, 6]);
});

test('columns go from the first to the last hour with anything, nine at least', () => {
  expect(heatHours([cell(8), cell(19)])).toEqual([8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  expect(heatHours([cell(23)])).toHaveLength(9);
  expect(heatHours([cell(0)])).toHaveLength(9);
  expect(heatHours([cell(12)])).toHaveLength(9);
  expect(heatHours([cell(3, { suppressed: true })])).toHaveLength(12);
});
