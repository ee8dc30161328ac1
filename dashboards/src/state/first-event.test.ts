import { expect, test } from 'vitest';
import { firstEvent } from './first-event';

test('what is to be pasted holds a valid event and no token', () => {
  const text = firstEvent('http://127.0.0.1:7878', new Date('2026-11-20T10:00:00Z'));
  const body = /-d '([^']+)'$/.exec(text)?.[1] ?? '';
  expect(JSON.parse(body)).toMatchObject({ type: 'activity', ts: '2026-11-20T09:55:00.000Z', duration_ms: 300_000 });
  expect(text).toContain('Bearer $FOCUSFLOW_TOKEN');
  expect(text.split('\n').slice(0, 3).every((line) => line.endsWith('\\'))).toBe(true);
});
