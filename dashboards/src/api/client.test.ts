import { afterEach, expect, test, vi } from 'vitest';
import { Api, ApiError, fill } from './client';

afterEach(() => vi.unstubAllGlobals());

test('parameters fill the path first, the rest is the query', () => {
  expect(fill('/v1/teams/{id}/summary', { id: 'a/b c', from: '2026-11-01', to: undefined })).toBe('/v1/teams/a%2Fb%20c/summary?from=2026-11-01');
  expect(fill('/v1/teams', {})).toBe('/v1/teams');
});

test('the token goes into the header, never into the address', async () => {
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => Response.json({ teams: [] }));
  vi.stubGlobal('fetch', fetch);
  expect(await new Api('secret').get('/v1/teams')).toEqual({ teams: [] });
  expect(fetch.mock.calls[0]![0]).toBe('/v1/teams');
  expect(fetch.mock.calls[0]![1].headers).toMatchObject({ authorization: 'Bearer secret' });
});

test('a problem document becomes an error with its code and sentence', async () => {
  vi.stubGlobal('fetch', async () => Response.json({ code: 'forbidden', detail: 'Not your team.' }, { status: 403 }));
  await expect(new Api('x').get('/v1/teams')).rejects.toMatchObject({ status: 403, code: 'forbidden', message: 'Not your team.' });
});

test('what is not a problem document still has a code, no network has its own', async () => {
  vi.stubGlobal('fetch', async () => new Response('<html>', { status: 502 }));
  await expect(new Api('x').get('/v1/teams')).rejects.toMatchObject({ code: 'http_502' });
  vi.stubGlobal('fetch', async () => {
    throw new TypeError('Failed to fetch');
  });
  await expect(new Api('x').get('/v1/teams')).rejects.toEqual(new ApiError(0, 'unreachable', 'The server cannot be reached.'));
});

test('what is done goes out by its method, and an answer without a body is fine', async () => {
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => new Response(null, { status: 204 }));
  vi.stubGlobal('fetch', fetch);
  await new Api('secret').act('DELETE', '/v1/me/advice/{id}/not-useful', { id: 'focus-hours:09' });
  expect(fetch.mock.calls[0]![0]).toBe('/v1/me/advice/focus-hours%3A09/not-useful');
  expect(fetch.mock.calls[0]![1]).toMatchObject({ method: 'DELETE', headers: { authorization: 'Bearer secret' } });
});
