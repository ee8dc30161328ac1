/** What burnout risk is made of, in plain words. */
import type { BurnoutPoint } from '../api/shapes';
import { count, percent } from './numbers';

const FACTORS: Record<string, string> = {
  overwork: 'Long weeks',
  after_hours: 'Work outside working hours',
  weekends: 'Work on days off',
  short_rest: 'Short nights between days',
  meetings: 'Many meetings',
  interruptions: 'Interruptions',
  focus_decline: 'Less focus time week by week',
  long_days: 'Long days from start to end',
  volatility: 'Uneven days',
  no_recovery: 'Many days in a row',
  low_mood: 'Low mood in check-ins',
};

export const factor = (name: string): string => FACTORS[name] ?? name;

export const LEVELS = ['low', 'elevated', 'high'] as const;
export type Level = (typeof LEVELS)[number];

/** From where on a risk is elevated, and high. */
export const ELEVATED = 0.3;
export const HIGH = 0.55;

/** Less adds nothing worth a line. */
const LEAST = 0.05;
const MOST = 4;

export interface Reason {
  name: string;
  words: string;
  /** Of the largest one. */
  share: number;
}

/** The largest reasons, largest first. */
export function reasons(point: BurnoutPoint): Reason[] {
  const felt = point.features.filter(({ contribution }) => contribution >= LEAST).slice(0, MOST);
  const top = felt[0]?.contribution ?? 1;
  return felt.map(({ name, contribution }) => ({ name, words: factor(name), share: contribution / top }));
}

/** The risk with its bounds, as text. */
export function span(point: BurnoutPoint, locale?: string): string {
  if (point.risk_low === null || point.risk_high === null) return '';
  const [low, high] = [percent(point.risk_low, locale), percent(point.risk_high, locale)];
  return low === high ? low : `${count(point.risk_low * 100, locale)}–${high}`;
}
