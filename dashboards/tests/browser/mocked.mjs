// Cases that need a server which misbehaves on demand, or callers and teams of a certain kind.
import assert from 'node:assert/strict';
import { byId, fits, tone, until } from './bench.mjs';

export const mocked = {
  async 'explains a team too small to show'(bench) {
    const page = await bench.page({ hash: '#/team/t-5' });
    await byId(page, 'suppressed').waitFor();
    assert.match(await byId(page, 'suppressed').textContent(), /fewer than 5 people/);
    assert.equal(await byId(page, 'in-focus').count(), 0, 'no figure is shown');
    assert.equal(await byId(page, 'day-chart').count(), 0);
    await bench.accessible(page, 'the suppressed page');
  },

  async 'shows the unit above for a small team, and says so'(bench) {
    const page = await bench.page({ hash: '#/team/t-3' });
    await byId(page, 'rolled-up').waitFor();
    assert.match(await byId(page, 'rolled-up').textContent(), /those of Engineering/);
    await page.getByRole('link', { name: 'Go to Engineering' }).click();
    await until('Engineering', async () => (await page.locator('h1').textContent()) === 'Engineering');
    assert.equal(await byId(page, 'rolled-up').count(), 0);
  },

  async 'a broken socket mends before anybody notices'(bench) {
    const page = await bench.page({ hash: '#/team/t-1' });
    await tone(page, 'good');
    await bench.control({ drop: true });
    await tone(page, 'bad', 3000);
    await tone(page, 'good', 3000);
    assert.equal(await byId(page, 'banner').count(), 0);
  },

  async 'goes over to event streams, then to polling, and says when it is not live'(bench) {
    const expects = /WebSocket|503|Failed to load/;
    try {
      await bench.control({ refuse: ['socket'] });
      const streamed = await bench.page({ hash: '#/team/t-1', expects });
      await tone(streamed, 'good', 10_000);
      const before = await streamed.locator('.hero').textContent();
      await until('streams move it', async () => (await streamed.locator('.hero').textContent()) !== before);

      await bench.control({ refuse: ['socket', 'events'] });
      const polled = await bench.page({ hash: '#/team/t-1', expects });
      await tone(polled, 'warn', 30_000);
      assert.match(await byId(polled, 'live').textContent(), /Every 10 s/);
      assert.match(await byId(polled, 'focus-today').textContent(), /\d (h|min)/);
    } finally {
      await bench.control({ refuse: [] });
    }
  },

  async 'resumes: what was missed is made up for, once'(bench) {
    const page = await bench.page({ hash: '#/team/t-2' });
    await tone(page, 'good');
    const sent = [];
    page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(JSON.parse(payload))));
    await bench.control({ drop: true });
    await until('it subscribes again', () => sent.length > 0);
    assert.ok(Number.isInteger(sent[0].from) && sent[0].from >= 1000, JSON.stringify(sent[0]));
  },

  async 'tells a new installation how to begin'(bench) {
    const page = await bench.page({ token: 'empty', permissions: ['clipboard-read', 'clipboard-write'] });
    await byId(page, 'empty').waitFor();
    await page.getByRole('button', { name: 'Copy' }).click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^curl http/);
    await bench.accessible(page, 'the empty page');
  },

  async 'shows a member their own day'(bench) {
    const page = await bench.page({ token: 'member' });
    await byId(page, 'my-state').waitFor();
    assert.equal(await byId(page, 'my-state').textContent(), 'In focus');
    assert.equal(await page.locator('h1').textContent(), 'My day');
    await byId(page, 'heat').waitFor();
    await bench.accessible(page, 'my day');
  },

  async 'says no where it must'(bench) {
    const expects = /403|503/;
    const manager = await bench.page({ token: 'manager', hash: '#/team/t-4', expects });
    assert.match(await byId(manager, 'problem').textContent(), /Not yours to see.*forbidden/s);
    const producer = await bench.page({ token: 'ingest', expects });
    assert.match(await byId(producer, 'problem').textContent(), /sends events and reads nothing/);
    const lost = await bench.page({ hash: '#/nowhere', expects });
    assert.match(await byId(lost, 'problem').textContent(), /Nothing here/);
  },

  async 'names the code when the server cannot, and tries again'(bench) {
    try {
      await bench.control({ refuse: ['rest'] });
      const page = await bench.page({ expects: /503/ });
      assert.match(await byId(page, 'problem').textContent(), /unavailable/);
      await bench.control({ refuse: [] });
      await page.getByRole('button', { name: 'Try again' }).click();
      await byId(page, 'live').waitFor();
    } finally {
      await bench.control({ refuse: [] });
    }
  },

  async 'asks for a token when there is none'(bench) {
    const page = await bench.page({ token: null, viewport: { width: 360, height: 700 } });
    await byId(page, 'sign-in').waitFor();
    await fits(page, 'the sign-in page');
    await bench.accessible(page, 'the sign-in page');
  },

  async 'every state fits a phone'(bench) {
    const viewport = { width: 360, height: 700 };
    for (const [token, hash, id] of [['demo', '#/team/t-5', 'suppressed'], ['demo', '#/team/t-3', 'rolled-up'], ['empty', '', 'empty'], ['member', '', 'my-state'], ['demo', '#/org', 'in-focus']]) {
      const page = await bench.page({ token, hash, viewport });
      await byId(page, id).waitFor();
      await fits(page, `${id} at 360`);
    }
  },
};
