import { behind } from '../format/numbers';
import { clock } from '../format/times';
import type { LinkStatus } from '../live/client';

export interface LinkWords {
  tone: 'good' | 'wait' | 'warn' | 'bad';
  text: string;
  /** What it means for what is on the page, and what to do. */
  advice: string | null;
}

/** Data older than this when they come deserve a colour. */
const BEHIND_MS = 20_000;
/** Nothing new for so long: the connection may be well, but the reader should know. */
const QUIET_MS = 60_000;

/** The state of the link in words. */
export function linkWords(status: LinkStatus, heardAt: number | null, behindMs: number | null, now: number): LinkWords {
  const shown = heardAt === null ? 'Nothing has come yet.' : `What you see is of ${clock(heardAt)}.`;
  switch (status.phase) {
    case 'closed':
      return { tone: 'wait', text: 'Not connected', advice: null };
    case 'connecting':
      if (status.attempt === 0) return { tone: 'wait', text: 'Connecting', advice: null };
      return { tone: 'bad', text: 'Reconnecting', advice: `${shown} Trying to get through to the server.` };
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil((status.retryAt - now) / 1000));
      const advice = `${shown} The connection is lost (${status.reason}). Check that this device has a network and that the server runs; the page goes on by itself.`;
      return { tone: 'bad', text: seconds > 0 ? `Disconnected, next try in ${seconds} s` : 'Disconnected, trying', advice };
    }
    case 'refused':
      return { tone: 'bad', text: 'Not live', advice: status.reason };
    case 'live':
      break;
  }
  if (status.via === 'polling') {
    return { tone: 'warn', text: 'Every 10 s', advice: 'No live connection gets through, so the page asks every ten seconds. A proxy that lets WebSockets pass makes it live.' };
  }
  if (behindMs !== null && behindMs > BEHIND_MS) {
    return { tone: 'warn', text: `Live, ${behind(behindMs)} behind`, advice: 'Events arrive late or wait to be processed: the figures trail the day by this much.' };
  }
  if (heardAt !== null && now - heardAt > QUIET_MS) return { tone: 'good', text: `Live, quiet for ${behind(now - heardAt)}`, advice: null };
  return { tone: 'good', text: behindMs === null ? 'Live' : `Live, ${behind(behindMs)} behind`, advice: null };
}
