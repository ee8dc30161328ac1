import { expect, test } from 'vitest';
import { linkWords } from './link';

const NOW = 1_800_000_000_000;
const live = { phase: 'live', via: 'socket' } as const;

test('live says how far behind, amber past twenty seconds', () => {
  expect(linkWords(live, NOW, 180, NOW)).toMatchObject({ tone: 'good', text: 'Live, 0.2 s behind' });
  expect(linkWords(live, NOW, 20_000, NOW).tone).toBe('good');
  expect(linkWords(live, NOW, 20_001, NOW)).toMatchObject({ tone: 'warn', text: 'Live, 20 s behind' });
  expect(linkWords(live, NOW, null, NOW).text).toBe('Live');
});

test('a quiet hour is not a fault', () => {
  expect(linkWords(live, NOW - 180_000, 200, NOW)).toMatchObject({ tone: 'good', text: 'Live, quiet for 3 min' });
});

test('disconnected is red and says what is shown and what to do', () => {
  const words = linkWords({ phase: 'waiting', attempt: 1, retryAt: NOW + 2400, reason: 'gone' }, NOW, 200, NOW);
  expect(words).toMatchObject({ tone: 'bad', text: 'Disconnected, next try in 3 s' });
  expect(words.advice).toContain('gone');
  expect(linkWords({ phase: 'connecting', attempt: 2 }, null, null, NOW)).toMatchObject({ tone: 'bad', text: 'Reconnecting' });
});

test('the first connection is no alarm, polling is a lesser way', () => {
  expect(linkWords({ phase: 'connecting', attempt: 0 }, null, null, NOW).tone).toBe('wait');
  expect(linkWords({ phase: 'live', via: 'polling' }, NOW, null, NOW).tone).toBe('warn');
});
