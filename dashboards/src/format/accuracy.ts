/** How often a flag is right, in people: shares of a hundred are read better than probabilities. */
import type { Accuracy } from '../api/shapes';

export interface Hundred {
  /** Burnt out and flagged, burnt out and missed, flagged for nothing, rightly left alone. */
  right: number;
  missed: number;
  wrong: number;
  rest: number;
}

type Right = Accuracy['published']['right'][number];

/** Of a hundred people, where those who are burnt out and those who are not are told apart equally well. */
export function hundred({ base_rate: rate, precision }: Right): Hundred {
  const hit = (precision * (1 - rate)) / (rate * (1 - precision) + precision * (1 - rate));
  const sick = Math.round(rate * 100);
  const right = Math.round(sick * hit);
  const wrong = Math.round((100 - sick) * (1 - hit));
  return { right, missed: sick - right, wrong, rest: 100 - sick - wrong };
}

/** Of those flagged, as words: `1 of 8`. */
export function oneOf(precision: number): string {
  const of = Math.max(1, Math.round(1 / Math.max(precision, 0.001)));
  return of === 1 ? 'nearly all' : `1 of ${of}`;
}
