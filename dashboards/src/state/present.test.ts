import { expect, test } from 'vitest';
import type { LiveWindow } from '../api/shapes';
import { present } from './present';

const AT = 1_800_000_000_000;
const window = (ago: number, n: number | null) => ({ start: AT - ago * 60_000, n }) as LiveWindow;

test('nobody in focus is missing among the active', () => {
  expect(present({ active: 0, in_focus: 4, in_meeting: 1 }, [], AT)).toEqual({ active: 4, in_focus: 4, in_meeting: 1 });
});

test('the last minutes count, older ones and hidden ones do not', () => {
  expect(present({ active: 0, in_focus: 4, in_meeting: 0 }, [window(20, 90), window(7, 9), window(2, null)], AT).active).toBe(9);
  expect(present({ active: 12, in_focus: 4, in_meeting: 0 }, [window(7, 9)], AT).active).toBe(12);
});
