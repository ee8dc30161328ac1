import { beforeAll, expect, test, vi } from 'vitest';
import type { href as Href, parseRoute as ParseRoute } from './route.svelte';

let parseRoute: typeof ParseRoute;
let href: typeof Href;
beforeAll(async () => {
  vi.stubGlobal('window', { location: { hash: '' }, addEventListener: () => {} });
  ({ parseRoute, href } = await import('./route.svelte'));
});

test('addresses are read', () => {
  expect(parseRoute('')).toEqual({ page: 'home' });
  expect(parseRoute('#/')).toEqual({ page: 'home' });
  expect(parseRoute('#/team/t-1')).toEqual({ page: 'team', id: 't-1' });
  expect(parseRoute('#/org')).toEqual({ page: 'org' });
  expect(parseRoute('#/me')).toEqual({ page: 'me' });
  for (const page of ['weeks', 'accuracy'] as const) {
    expect(parseRoute(`#/${page}`)).toEqual({ page });
    expect(href({ page })).toBe(`#/${page}`);
  }
  for (const odd of ['#/team', '#/team/a/b', '#/x', '#/org/x', '#/weeks/x']) expect(parseRoute(odd)).toEqual({ page: 'unknown' });
});

test('an id survives the way through an address', () => {
  for (const id of ['t-1', 'a/b', 'ä ö', '100%', '#']) {
    expect(parseRoute(href({ page: 'team', id }))).toEqual({ page: 'team', id });
  }
  expect(parseRoute('#/team/100%')).toEqual({ page: 'team', id: '100%' });
});
