/** The interruption score in a word, so that nobody has to learn a scale by heart. */
export interface ScoreWord {
  word: string;
  /** 0 calm to 4 stormy: the step of the colour scale. */
  step: number;
}

/** Upper ends, excluded. Fifty is about four mentions an hour, each attended to at once. */
export const SCORE_WORDS: readonly { below: number; word: string }[] = [
  { below: 15, word: 'calm' },
  { below: 35, word: 'steady' },
  { below: 55, word: 'busy' },
  { below: 75, word: 'hectic' },
  { below: Infinity, word: 'stormy' },
];

export function scoreWord(score: number): ScoreWord {
  const step = SCORE_WORDS.findIndex(({ below }) => score < below);
  return { word: SCORE_WORDS[step]?.word ?? '', step };
}

export function people(n: number): string {
  return n === 1 ? '1 person' : `${n} people`;
}
