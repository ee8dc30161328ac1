import { expect, test } from 'vitest';
import type { Api, Params } from '../api/client';
import { poll } from './poll';

/** Answers as a server would whose unit lies in Tokyo, where it is the 21st already. */
function tokyo() {
  const asked: [string, Params][] = [];
  const midnight = Date.UTC(2026, 10, 20, 15);
  const answers: Record<string, unknown> = {
    timeline: { from: midnight, to: midnight + 86_400_000, time_zone: 'Asia/Tokyo', points: [{ start: midnight, focus_ms: 1 }] },
    summary: { n: 9, suppressed: false, figures: { focus_ms: { median: 5 } } },
    trends: { points: [{ day: '2026-11-21', figures: { focus_ms: 5 } }] },
  };
  const get = async (path: string, params: Params) => {
    asked.push([path, params]);
    return answers[path.split('/').at(-1) ?? ''];
  };
  return { api: { get } as unknown as Api, asked };
}

test('figures and windows are of one day: the unit\'s own, whatever the reader\'s date is', async () => {
  const day = { from: '2026-11-21', to: '2026-11-21' };
  for (const [topic, path, id] of [['team:t-1', '/v1/teams/{id}/summary', { id: 't-1' }], ['org', '/v1/org/summary', {}]] as const) {
    const { api, asked } = tokyo();
    const data = await poll(api, topic, new AbortController().signal);
    expect(asked.at(-1)).toEqual([path, { ...id, ...day }]);
    expect(data).toMatchObject({ today: { day: '2026-11-21', focus_ms: { median: 5 } }, windows: [{ focus_ms: 1 }], now: null, freshness_ms: null });
  }
  const { api, asked } = tokyo();
  const mine = await poll(api, 'me', new AbortController().signal);
  expect(asked.at(-1)).toEqual(['/v1/me/trends', day]);
  expect(mine).toMatchObject({ day: { day: '2026-11-21', focus_ms: 5 }, windows: [{ window_start: Date.UTC(2026, 10, 20, 15) }] });
});
