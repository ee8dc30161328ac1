import { afterEach, expect, test, vi } from 'vitest';
import { browser, takeToken, type Places } from './token';

function places(hash: string, kept: string | null = null) {
  const seen = { hash, kept };
  const api: Places = {
    hash,
    setHash: (value) => (seen.hash = value),
    kept: () => seen.kept,
    keep: (token) => (seen.kept = token),
    forget: () => (seen.kept = null),
  };
  return { api, seen };
}

test('the token moves from the address into the keeping of the tab', () => {
  for (const hash of ['#token=ff_abc', '#/token=ff_abc', '#token=ff_abc&x=1']) {
    const { api, seen } = places(hash, 'old');
    expect(takeToken(api)).toBe('ff_abc');
    expect(seen).toEqual({ hash: '#/', kept: 'ff_abc' });
  }
  expect(takeToken(places('#token=a%2Bb').api)).toBe('a+b');
});

test('without one in the address the kept one counts and the address stays', () => {
  const { api, seen } = places('#/team/t-1', 'kept');
  expect(takeToken(api)).toBe('kept');
  expect(seen.hash).toBe('#/team/t-1');
  expect(takeToken(places('#/token=').api)).toBeNull();
});

afterEach(() => vi.unstubAllGlobals());

test('with storage blocked the token is kept in memory', () => {
  const blocked = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  vi.stubGlobal('sessionStorage', { getItem: blocked, setItem: blocked, removeItem: blocked });
  expect(browser.kept()).toBeNull();
  browser.keep('ff_abc');
  expect(browser.kept()).toBe('ff_abc');
  browser.forget();
  expect(browser.kept()).toBeNull();
});
