/** What the messages say of how new the figures are. Pure. */
import type { Doc } from '../live/protocol';

/** Instants are the server's but for those of this device; `skewMs` is how far this device's clock is ahead. */
export interface Heard {
  /** When the link came to life, by this device's clock. */
  since: number | null;
  /** Up to when the figures on the page are known: what comes after it may only not have arrived. */
  knownAt: number | null;
  /** Of the last message with new events; the others (presence, a pause) do not make the figures newer. */
  newsAt: number | null;
  /** How old the newest of those events was. */
  behindMs: number;
  skewMs: number;
  /** The last message, by this device's clock, from a server that is to say something every second; else null. */
  beatAt: number | null;
  /** Accepted events have been waiting to be processed, since then by this device's clock. */
  late: { since: number; events: number } | null;
}

export const NOTHING: Heard = { since: null, knownAt: null, newsAt: null, behindMs: 0, skewMs: 0, beatAt: null, late: null };

/** Figures older than this when they come deserve a word. */
export const BEHIND_MS = 20_000;

/** A snapshot does not say how new its newest event is: what was news before the break is forgotten. */
export function revived(heard: Heard, now: number): Heard {
  return { ...heard, since: now, newsAt: null, beatAt: null, late: null };
}

export function withData(heard: Heard, { at, freshness_ms: fresh }: Doc, now: number): Heard {
  if (typeof at !== 'number') return heard;
  const known = { ...heard, beatAt: heard.beatAt === null ? null : now, knownAt: Math.max(heard.knownAt ?? 0, at) };
  return typeof fresh === 'number' ? { ...known, newsAt: at, behindMs: fresh } : known;
}

/** Once a second. Without lag, what is on the page is known up to this moment though no figure changed. */
export function withPipeline(heard: Heard, data: Doc, now: number): Heard {
  const { at, lag_events: events, lag_ms: lag } = data;
  if (typeof at !== 'number' || typeof events !== 'number') return heard;
  const reached = typeof lag === 'number' ? at - lag : 0;
  const isLate = events > 0 && (typeof lag !== 'number' || lag > BEHIND_MS);
  return {
    ...heard,
    skewMs: now - at,
    beatAt: now,
    knownAt: Math.max(heard.knownAt ?? 0, reached) || null,
    late: isLate ? { since: heard.late?.since ?? now, events } : null,
  };
}
