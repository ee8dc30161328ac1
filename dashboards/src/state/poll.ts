import type { Api } from '../api/client';
import type { Doc } from '../live/protocol';
import { isoDate } from '../format/times';

/** Without any live way: today's state of a topic, put together from REST. Who is in focus right now stays unknown. */
export async function poll(api: Api, topic: string, signal: AbortSignal): Promise<Doc> {
  const day = isoDate(Date.now());
  const span = { from: day, to: day };
  if (topic === 'me') return pollMe(api, day, signal);
  const id = topic.startsWith('team:') ? topic.slice('team:'.length) : null;
  const [summary, timeline] =
    id === null
      ? await Promise.all([api.get('/v1/org/summary', span, signal), api.get('/v1/org/timeline', {}, signal)])
      : await Promise.all([
          api.get('/v1/teams/{id}/summary', { id, ...span }, signal),
          api.get('/v1/teams/{id}/timeline', { id }, signal),
        ]);
  const { scope, k, n, suppressed, rolled_up_to, rolled_up_to_name, figures } = summary;
  return {
    scope,
    k,
    n,
    suppressed,
    rolled_up_to,
    rolled_up_to_name,
    at: Date.now(),
    now: null,
    today: figures && { day, ...figures },
    windows: timeline.points,
    freshness_ms: null,
  };
}

async function pollMe(api: Api, day: string, signal: AbortSignal): Promise<Doc> {
  const span = { from: day, to: day };
  const [trends, timeline] = await Promise.all([api.get('/v1/me/trends', span, signal), api.get('/v1/me/timeline', {}, signal)]);
  const today = trends.points.at(-1);
  return {
    at: Date.now(),
    day: today && { ...today.figures, day: today.day, first_active: null, last_active: null },
    windows: timeline.points.map(({ start, ...figures }) => ({ window_start: start, ...figures })),
    now: null,
    freshness_ms: null,
  };
}
