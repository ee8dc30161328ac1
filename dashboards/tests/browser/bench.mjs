// What the cases share: fresh browser contexts, what the console said, waiting, and a wire that can be cut.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const DESKTOP = { width: 1440, height: 900 };

export class Bench {
  #open = [];
  #errors = [];

  constructor(browser, url, token) {
    this.browser = browser;
    this.url = url;
    this.token = token;
  }

  /** A signed-in page, unless told otherwise. `expects`: console errors that belong to the case; `before`: done to it before it loads. */
  async page({ token = this.token, hash = '', viewport = DESKTOP, scheme = 'light', url = this.url, expects = null, before = null, ...context } = {}) {
    const made = await this.browser.newContext({ viewport, colorScheme: scheme, locale: 'en-GB', timezoneId: 'Europe/Berlin', ...context });
    this.#open.push(() => made.close());
    const page = await made.newPage();
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => this.#errors.push(error.message));
    page.on('console', (message) => {
      const text = message.text();
      if (['error', 'warning'].includes(message.type()) && !expects?.test(text)) this.#errors.push(text);
    });
    await before?.(page);
    await page.goto(token === null ? `${url}/${hash}` : `${url}/#token=${encodeURIComponent(token)}`);
    if (token !== null && hash !== '') await page.evaluate((to) => (window.location.hash = to), hash);
    return page;
  }

  async get(path, token = this.token) {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 200, `${path}: ${response.status}`);
    return response.json();
  }

  async control(order) {
    await fetch(`${this.url}/mock/control`, { method: 'POST', body: JSON.stringify(order) });
  }

  /** A port that leads to the server until it is cut. */
  async wire() {
    const target = new URL(this.url);
    const ends = new Set();
    let up = true;
    const server = net.createServer((near) => {
      if (!up) return near.destroy();
      const far = net.connect(Number(target.port), target.hostname);
      for (const [a, b] of [[near, far], [far, near]]) {
        ends.add(a);
        a.pipe(b);
        a.on('error', () => b.destroy());
        a.on('close', () => (ends.delete(a), b.destroy()));
      }
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const cut = () => {
      for (const end of ends) end.destroy();
    };
    this.#open.push(() => (cut(), new Promise((resolve) => server.close(resolve))));
    return {
      url: `http://127.0.0.1:${server.address().port}`,
      cut,
      down: () => ((up = false), cut()),
      up: () => (up = true),
    };
  }

  async accessible(page, what) {
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).slice(0, 3).join(' | ')}`);
    });
    assert.deepEqual(violations, [], `accessibility of ${what}`);
  }

  complain() {
    assert.deepEqual(this.#errors, [], 'the console is to stay silent');
  }

  async clear() {
    this.#errors = [];
    for (const close of this.#open.splice(0)) await close();
  }
}

export async function until(what, test, ms = 15_000) {
  const end = Date.now() + ms;
  let last;
  while (Date.now() < end) {
    last = await test();
    if (last) return last;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited ${ms} ms in vain: ${what}`);
}

export const byId = (page, id) => page.locator(`[data-testid="${id}"]`);

/** A server just started, with a history to work through, is behind for a while. */
export async function tone(page, wanted, ms = 60_000) {
  await until(`the live indicator turns ${wanted}`, async () => (await byId(page, 'live').getAttribute('data-tone')) === wanted, ms);
}

/** No sideways scrolling, and nothing that sticks out. */
export async function fits(page, what) {
  const { scroll, inner } = await page.evaluate(() => ({ scroll: document.scrollingElement.scrollWidth, inner: window.innerWidth }));
  assert.ok(scroll <= inner, `${what} is ${scroll} px wide in a window of ${inner}`);
}
