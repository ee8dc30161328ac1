export interface Backoff {
  firstMs: number;
  mostMs: number;
}

/**
 * How long to wait before attempt n (0 is the first repeat): doubles up to a ceiling, and half of it is random, so that
 * the pages a restarted server lost do not all come back in the same instant.
 */
export function delay({ firstMs, mostMs }: Backoff, attempt: number, random: number): number {
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(whole * (0.5 + random / 2));
}
