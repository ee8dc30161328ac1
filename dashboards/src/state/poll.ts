import type { Api } from '../api/client';
import type { Doc } from '../live/protocol';
import { isoDateIn } from '../format/times';

/**
 * Without any live way: today's state of a topic, put together from REST. Who is in focus right now stays unknown. Today is
 * the server's, in the zone of the unit: the timeline says which date that is, and the figures are asked for of the same.
 */
export async function poll(api: Api, topic: string, signal: AbortSignal): Promise<Doc> {
  if (topic === 'me') return pollMe(api, signal);
  const id = topic.startsWith('team:') ? topic.slice('team:'.length) : null;
  const timeline = id === null ? await api.get('/v1/org/timeline', {}, signal) : await api.get('/v1/teams/{id}/timeline', { id }, signal);
  const day = isoDateIn(timeline.from, timeline.time_zone);
  const span = { from: day, to: day };
  const summary = id === null ? await api.get('/v1/org/summary', span, signal) : await api.get('/v1/teams/{id}/summary', { id, ...span }, signal);
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

async function pollMe(api: Api, signal: AbortSignal): Promise<Doc> {
  const timeline = await api.get('/v1/me/timeline', {}, signal);
  const day = isoDateIn(timeline.from, timeline.time_zone);
  const trends = await api.get('/v1/me/trends', { from: day, to: day }, signal);
  const today = trends.points.at(-1);
  return {
    at: Date.now(),
    day: today && { ...today.figures, day: today.day, first_active: null, last_active: null },
    windows: timeline.points.map(({ start, ...figures }) => ({ window_start: start, ...figures })),
    now: null,
    freshness_ms: null,
  };
}
