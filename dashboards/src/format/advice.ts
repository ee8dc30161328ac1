/** Evidence of a piece of advice as text. */
import type { Evidence } from '../api/shapes';
import { count, duration, figure, NONE, percent } from './numbers';

export function told(value: number | null, unit: Evidence['unit'], locale?: string): string {
  if (value === null) return NONE;
  return unit === 'share' ? percent(value, locale) : unit === 'ms' ? duration(value, locale) : figure(value, locale);
}

const COUNTED: Record<Evidence['of'], [string, string]> = {
  days: ['day', 'days'],
  half_days: ['half-day', 'half-days'],
  stretches: ['stretch', 'stretches'],
  blocks: ['block', 'blocks'],
  gaps: ['gap', 'gaps'],
};

/** `23 days`, `1 block`. */
export function counted(n: number, of: Evidence['of'], locale?: string): string {
  return `${count(n, locale)} ${COUNTED[of][n === 1 ? 0 : 1]}`;
}
