import { behind, count } from '../format/numbers';
import { clock } from '../format/times';
import type { LinkStatus } from '../live/client';
import { BEHIND_MS, type Heard } from './heard';

export interface LinkWords {
  tone: 'good' | 'wait' | 'warn' | 'bad';
  text: string;
  /** What it means for what is on the page, and what to do. */
  advice: string;
}

/** A server that says something every second has said nothing for so long: it may be gone. */
const SILENT_MS = 10_000;
/** Nothing new for so long: the connection may be well, but the reader should know. */
const QUIET_MS = 60_000;
/** An event that has just come waits for a moment: no reason for a word. */
const LATE_MS = 5_000;

/** The state of the link in words. */
export function linkWords(status: LinkStatus, heard: Heard, now: number): LinkWords {
  const shown = heard.knownAt === null ? 'Nothing has come yet.' : `What you see is of ${clock(heard.knownAt)}.`;
  switch (status.phase) {
    case 'closed':
      return { tone: 'wait', text: 'Not connected', advice: 'There is nothing live on this page.' };
    case 'connecting':
      if (status.attempt === 0) return { tone: 'wait', text: 'Connecting', advice: 'The page is asking the server for its figures.' };
      return { tone: 'bad', text: 'Reconnecting', advice: `${shown} Trying to get through to the server.` };
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil((status.retryAt - now) / 1000));
      const advice = `${shown} The connection is lost: ${status.reason.replace(/\.$/, '')}. Check that this device has a network and that the server runs; the page goes on by itself.`;
      return { tone: 'bad', text: seconds > 0 ? `Disconnected, next try in ${seconds} s` : 'Disconnected, trying', advice };
    }
    case 'refused':
      return { tone: 'bad', text: 'Not live', advice: status.reason };
    case 'live':
      return status.via === 'polling' ? POLLING : liveWords(heard, shown, now);
  }
}

const POLLING: LinkWords = {
  tone: 'warn',
  text: 'Every 10 s',
  advice: 'No live connection gets through, so the page asks every ten seconds. A proxy that lets WebSockets pass makes it live.',
};

function liveWords({ since, newsAt, behindMs, skewMs, beatAt, late }: Heard, shown: string, now: number): LinkWords {
  if (beatAt !== null && now - beatAt > SILENT_MS) {
    return { tone: 'wait', text: `Nothing heard for ${behind(now - beatAt)}`, advice: `${shown} The server has said nothing since. The page is asking it, and connects anew when no answer comes.` };
  }
  if (late !== null && now - late.since >= LATE_MS) {
    const text = `Live, ${count(late.events)} ${late.events === 1 ? 'event' : 'events'} waiting`;
    return { tone: 'warn', text, advice: 'They are accepted and safe, but not in the figures yet. If the number does not fall, processing stands still: tell an administrator.' };
  }
  const quietMs = newsAt === null ? now - (since ?? now) : now - skewMs - newsAt;
  if (quietMs > QUIET_MS) {
    const text = newsAt === null ? `No new data for ${behind(quietMs)}` : `Newest data ${behind(quietMs + behindMs)} ago`;
    return { tone: 'wait', text, advice: 'The connection is well, but no new events come. That is as it should be while nobody works; else see whether the watchers still send.' };
  }
  if (newsAt !== null && behindMs > BEHIND_MS) {
    return { tone: 'warn', text: `Live, ${behind(behindMs)} behind`, advice: 'Events arrive late or wait to be processed: the figures trail the day by this much.' };
  }
  return { tone: 'good', text: newsAt === null ? 'Live' : `Live, ${behind(behindMs)} behind`, advice: 'The figures follow the events as they come in.' };
}
