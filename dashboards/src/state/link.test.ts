import { expect, test } from 'vitest';
import { NOTHING, type Heard } from './heard';
import { linkWords } from './link';

const NOW = 1_800_000_000_000;
const live = { phase: 'live', via: 'socket' } as const;
const heard = (more: Partial<Heard>): Heard => ({ ...NOTHING, since: NOW - 3_600_000, knownAt: NOW, newsAt: NOW, ...more });
const MINUTE = 60_000;

test('live says how far behind, amber past twenty seconds', () => {
  expect(linkWords(live, heard({ behindMs: 180 }), NOW)).toMatchObject({ tone: 'good', text: 'Live, 0.2 s behind' });
  expect(linkWords(live, heard({ behindMs: 20_000 }), NOW).tone).toBe('good');
  expect(linkWords(live, heard({ behindMs: 20_001 }), NOW)).toMatchObject({ tone: 'warn', text: 'Live, 20 s behind' });
  expect(linkWords(live, heard({ newsAt: null, since: NOW }), NOW)).toMatchObject({ tone: 'good', text: 'Live' });
});

test('without news it is not green, however much else is heard; a quiet hour is no fault either', () => {
  expect(linkWords(live, heard({ newsAt: NOW - MINUTE }), NOW).tone).toBe('good');
  expect(linkWords(live, heard({ newsAt: NOW - 3 * MINUTE, behindMs: 200 }), NOW)).toMatchObject({ tone: 'wait', text: 'Newest data 3 min ago' });
  expect(linkWords(live, heard({ newsAt: NOW - 3 * 60 * MINUTE }), NOW).text).toBe('Newest data 3 h ago');
  expect(linkWords(live, heard({ newsAt: null, since: NOW - 2 * MINUTE }), NOW)).toMatchObject({ tone: 'wait', text: 'No new data for 2 min' });
});

test('a server that fell silent is not green, long before it is given up', () => {
  const silent = heard({ beatAt: NOW - 12_000 });
  expect(linkWords(live, silent, NOW)).toMatchObject({ tone: 'wait', text: 'Nothing heard for 12 s' });
  expect(linkWords(live, silent, NOW - 3_000).tone).toBe('good');
});

test('a clock that goes wrong does not make figures old', () => {
  const ahead = 10 * MINUTE;
  expect(linkWords(live, heard({ skewMs: ahead }), NOW + ahead).tone).toBe('good');
});

test('events that wait are a warning, when they wait for more than a moment', () => {
  const late = { since: NOW - 5_000, events: 1_204 };
  expect(linkWords(live, heard({ late }), NOW)).toMatchObject({ tone: 'warn', text: expect.stringMatching(/^Live, 1.?204 events waiting$/) });
  expect(linkWords(live, heard({ late }), NOW - 1).tone).toBe('good');
});

test('disconnected is red and says what is shown and what to do', () => {
  const words = linkWords({ phase: 'waiting', attempt: 1, retryAt: NOW + 2400, reason: 'gone' }, heard({}), NOW);
  expect(words).toMatchObject({ tone: 'bad', text: 'Disconnected, next try in 3 s' });
  expect(words.advice).toMatch(/^What you see is of .* The connection is lost: gone\. Check/);
  expect(linkWords({ phase: 'connecting', attempt: 2 }, NOTHING, NOW)).toMatchObject({ tone: 'bad', text: 'Reconnecting' });
});

test('the first connection is no alarm, polling is a lesser way', () => {
  expect(linkWords({ phase: 'connecting', attempt: 0 }, NOTHING, NOW).tone).toBe('wait');
  expect(linkWords({ phase: 'live', via: 'polling' }, heard({ newsAt: null }), NOW).tone).toBe('warn');
});
