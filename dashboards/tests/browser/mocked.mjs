// Cases that need a server which misbehaves on demand, or callers and teams of a certain kind.
import assert from 'node:assert/strict';
import { Me } from '../../mock/world.mjs';
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

  async 'says how old the newest data are, not how lately the server spoke'(bench) {
    const page = await bench.page({ hash: '#/team/t-1', before: (page) => page.clock.install() });
    await until('news came', async () => /s behind/.test(await byId(page, 'live').textContent()));
    try {
      await bench.control({ freeze: true, ahead: 180_000 });
      await page.clock.fastForward(180_000);
      await until('it says how old they are', async () => /Newest data 3 min ago/.test(await byId(page, 'live').textContent()), 5000);
      await tone(page, 'wait');
      await byId(page, 'live').click();
      await until('the advice is there by a tap', () => page.getByText('see whether the watchers still send').isVisible());
      await bench.accessible(page, 'the advice of the live indicator');
      await page.keyboard.press('Escape');
      await byId(page, 'day-chart').focus();
      await page.keyboard.press('End');
      assert.doesNotMatch(await byId(page, 'day-chart').getAttribute('aria-valuetext'), /not known/, 'a living server knows the day up to now');
    } finally {
      await bench.control({ freeze: false, ahead: 0 });
    }
  },

  async 'warns when accepted events wait to be processed'(bench) {
    const page = await bench.page({ hash: '#/team/t-1' });
    await tone(page, 'good');
    try {
      await bench.control({ waiting: 1204 });
      await tone(page, 'warn', 10_000);
      assert.match(await byId(page, 'live').textContent(), /1,204 events waiting/);
    } finally {
      await bench.control({ waiting: 0 });
    }
    await tone(page, 'good', 5000);
  },

  async 'wakes from a sleep on a dead connection: not green, and found out in seconds'(bench) {
    const page = await bench.page({ hash: '#/team/t-1', before: (page) => page.clock.install() });
    await until('news came', async () => /s behind/.test(await byId(page, 'live').textContent()));
    try {
      await bench.control({ deaf: true });
      await page.clock.fastForward('03:00:00');
      await tone(page, 'wait', 3000);
      assert.match(await byId(page, 'live').textContent(), /Nothing heard for 3 h/);
      await byId(page, 'day-chart').focus();
      await page.keyboard.press('End');
      assert.match(await byId(page, 'day-chart').getAttribute('aria-valuetext'), /not known yet/);
      assert.match(await byId(page, 'reading').textContent(), /not known yet/);
      await tone(page, 'bad', 8000);
    } finally {
      await bench.control({ deaf: false, drop: true });
    }
    await tone(page, 'good', 30_000);
  },

  async 'my focus does not go on counting on a dead connection'(bench) {
    const page = await bench.page({ token: 'member', before: (page) => page.clock.install() });
    await byId(page, 'my-state').waitFor();
    const since = page.getByText(/^since /);
    const minutes = async () => Number(/, (\d+) min$/.exec(await since.textContent())[1]);
    const before = await minutes();
    try {
      await bench.control({ deaf: true });
      await page.clock.fastForward('03:00:00');
      await tone(page, 'wait', 3000);
      assert.ok((await minutes()) <= before + 1, `${before} min, then ${await since.textContent()}`);
      assert.equal(await byId(page, 'my-state').textContent(), 'In focus');
    } finally {
      await bench.control({ deaf: false, drop: true });
    }
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

  async 'tells a member what wears them out, how sure that is and what it is not'(bench) {
    const page = await bench.page({ token: 'member' });
    const card = byId(page, 'strain');
    await card.waitFor();
    assert.equal(await byId(page, 'strain-level').textContent(), 'Low');
    assert.match(await card.textContent(), /27 %, 19–38 %/);
    assert.deepEqual(await card.locator('li').allTextContents(), ['Work outside working hours', 'Long weeks', 'Short nights between days', 'Interruptions']);
    assert.match(await card.textContent(), /no diagnosis\. FocusFlow shows it under your name to nobody but you/);
    await card.getByRole('button', { name: /What this means/ }).click();
    await until('the meaning is there', () => page.getByText('Low is under 30 %').isVisible());
  },

  async 'shows a member their weeks: what is to come with its band, what that is worth, what changed'(bench) {
    for (const scheme of ['light', 'dark']) {
      const page = await bench.page({ token: 'member', hash: '#/weeks', scheme });
      await byId(page, 'forecast-focus_ms').waitFor();
      assert.equal(await page.locator('h1').textContent(), 'My weeks');
      assert.match(await byId(page, 'forecast-focus_ms').textContent(), /80 % of such days should lie between/);
      assert.match(await byId(page, 'trust').first().textContent(), /112 of your past days.*off by 30 min on average; the same weekday last week would have been off by 38 min.*held on 78 %/);
      assert.match(await byId(page, 'changes').textContent(), /Meetings went up from 1 h 6 min to 2 h 12 min a workday/);
      assert.match(await byId(page, 'changes').textContent(), /52 of interruption load, where 14 was usual/);
      await bench.accessible(page, `my weeks, ${scheme}`);
    }
  },

  async 'reads the forecast out by keyboard, and all weeks'(bench) {
    const page = await bench.page({ token: 'member' });
    await byId(page, 'my-state').waitFor();
    await page.getByLabel('Team', { exact: true }).selectOption({ label: 'My weeks' });
    const chart = byId(page, 'forecast-load').getByRole('slider');
    await chart.focus();
    await page.keyboard.press('Home');
    const first = await chart.getAttribute('aria-valuetext');
    await page.keyboard.press('End');
    const last = await chart.getAttribute('aria-valuetext');
    assert.notEqual(first, last);
    assert.match(last, /about [\d.]+, between [\d.]+ and [\d.]+|a day off/);
    assert.equal(await byId(page, 'foreseen-reading').textContent(), last);
    await page.keyboard.press('Escape');
    assert.equal(await byId(page, 'foreseen-reading').count(), 0);
    const weeks = byId(page, 'weeks');
    assert.equal(await weeks.locator('ol li').count(), 6);
    await weeks.getByRole('button', { name: 'Show all 25 weeks' }).press('Enter');
    assert.equal(await weeks.locator('ol li').count(), 25);
    await bench.accessible(page, 'my weeks with all of them');
  },

  async 'says where a forecast is not worth it, and where there is none'(bench) {
    const answered = (options) => (page) => page.route('**/v1/me/outlook', (route) => route.fulfill({ json: new Me().outlook(options) }));
    const naive = await bench.page({ token: 'member', hash: '#/weeks', before: answered({ naive: true }) });
    await byId(naive, 'trust').first().waitFor();
    assert.match(await byId(naive, 'trust').first().textContent(), /nothing was better than the same weekday last week, so that is what you see/);
    const thin = await bench.page({ token: 'member', hash: '#/weeks', before: answered({ thin: true }) });
    await byId(thin, 'too-little').waitFor();
    assert.match(await byId(thin, 'too-little').textContent(), /takes 28 days.*So far there are 9 and 6/s);
    assert.equal(await byId(thin, 'forecast-focus_ms').count(), 0);
    await bench.accessible(thin, 'my weeks without a history');
  },

  async 'advises with evidence, takes no for an answer and takes it back, by keyboard alone'(bench) {
    const page = await bench.page({ token: 'member' });
    const card = byId(page, 'advice');
    await card.waitFor();
    assert.deepEqual(await card.locator('h3').allTextContents(), ['Keep 09:00–11:00 for focus', 'Keep Tuesday morning free of meetings', 'End evenings before 21:00']);
    const evidence = card.locator('summary').first();
    await evidence.focus();
    await page.keyboard.press('Enter');
    assert.match(await card.getByRole('row', { name: /Undisturbed focus/ }).textContent(), /62 %26 days41 %26 days/);
    await bench.accessible(page, 'my day with the evidence open');

    const piece = card.locator('[data-advice="focus-hours:09"]');
    await piece.getByRole('button', { name: /Not useful/ }).focus();
    await page.keyboard.press('Enter');
    await piece.getByText('is not shown for 90 days').waitFor();
    await until('the way back has the focus', () => piece.getByRole('button', { name: /Undo/ }).evaluate((button) => button === document.activeElement));
    await page.keyboard.press('Enter');
    await until('it is back, and has the focus', () => piece.getByRole('button', { name: /Not useful/ }).evaluate((button) => button === document.activeElement));

    await page.keyboard.press('Enter');
    await piece.getByText('is not shown for 90 days').waitFor();
    const later = await bench.page({ token: 'member' });
    await byId(later, 'advice').getByText('Said to be not useful (1)').click();
    assert.equal(await byId(later, 'advice').locator('h3').count(), 2, 'kept');
    await bench.accessible(later, 'my day with what is hidden');
    await later.getByRole('button', { name: /Bring back/ }).click();
    await until('it is back', async () => (await byId(later, 'advice').locator('h3').count()) === 3);
    assert.equal(await byId(later, 'advice').getByText('Said to be not useful').count(), 0);
  },

  async 'advises nothing where nothing is known, and says what could not be kept'(bench) {
    const answer = (change) => async (route) => {
      if (route.request().method() !== 'GET') return route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ code: 'unavailable', detail: 'Not now.' }) });
      return route.fulfill({ json: { ...(await bench.get('/v1/me/advice', 'member')), ...change } });
    };
    const page = (change) => bench.page({ token: 'member', expects: /503/, before: (page) => page.route('**/v1/me/advice**', answer(change)) });
    const young = await page({ days: 1, advice: [] });
    await byId(young, 'advice').getByText('it takes 15 workdays of yours within six weeks, so far there is 1').waitFor();
    const even = await page({ advice: [] });
    await byId(even, 'advice').getByText('Nothing stands out of your last 27 workdays').waitFor();
    await bench.accessible(even, 'my day without advice');
    const broken = await page({});
    await byId(broken, 'advice').getByRole('button', { name: /Not useful/ }).first().click();
    await byId(broken, 'advice').getByText('That could not be kept. Not now.').waitFor();
    assert.equal(await byId(broken, 'advice').locator('h3').count(), 3, 'nothing is hidden that was not kept');
  },

  async 'says to everybody what a risk is, what it is not, and how often it is wrong'(bench) {
    for (const [token, from] of [['member', 'strain'], ['manager', 'team-strain']]) {
      const page = await bench.page({ token, hash: token === 'member' ? '' : '#/team/t-1' });
      await byId(page, from).getByRole('link', { name: 'How often it is wrong' }).press('Enter');
      await byId(page, 'accuracy').waitFor();
      assert.equal(await page.locator('h1').textContent(), 'How often it is wrong');
      assert.match(await byId(page, 'accuracy').textContent(), /A diagnosis, or a statement about your health/);
      const dots = page.getByRole('img', { name: /Of a hundred people/ });
      assert.match(await dots.getAttribute('aria-label'), /6 burnt out and flagged, 4 burnt out and missed, 39 flagged, and not burnt out/);
      assert.equal(await dots.locator('span').count(), 100);
      assert.match(await page.getByRole('row', { name: /elevated or more/ }).textContent(), /420\s*45 % \(1 of 2\)\s*66 %/);
      assert.match(await byId(page, 'lately').textContent(), /tells 21 % on the mean, whichever model was shown, and 20 % said yes/);
      await bench.accessible(page, 'how often it is wrong');
    }
    const phone = await bench.page({ token: 'member', hash: '#/accuracy', scheme: 'dark', viewport: { width: 360, height: 740 } });
    await byId(phone, 'accuracy').waitFor();
    await fits(phone, 'how often it is wrong');
    await bench.accessible(phone, 'how often it is wrong, on a phone in the dark');
  },

  async 'tells a manager how many are at which level, and of a small team nothing'(bench) {
    const page = await bench.page({ hash: '#/team/t-1' });
    await byId(page, 'team-strain').waitFor();
    assert.match(await byId(page, 'team-strain').textContent(), /low \d+.*elevated \d+.*high \d+.*Counts alone, from 8 people on/s);
    const small = await bench.page({ hash: '#/team/t-5' });
    await byId(small, 'team-strain').waitFor();
    assert.match(await byId(small, 'team-strain').textContent(), /Not shown: it takes 8 people/);
  },

  async 'asks every quarter of an hour for what does not come live: rights, teams, the days before'(bench) {
    for (const [token, hash, id, wanted] of [['member', '', 'my-state', ['me/trends', 'me/heatmap', 'me/advice']], ['demo', '#/team/t-1', 'in-focus', ['teams/t-1/trends', 'teams/t-1/heatmap']]]) {
      const page = await bench.page({ token, hash, before: (page) => page.clock.install() });
      await byId(page, id).waitFor();
      await byId(page, 'heat').waitFor();
      const asked = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      page.on('websocket', () => asked.push('a new socket'));
      await page.clock.fastForward('15:00');
      for (const path of ['whoami', 'teams', ...wanted]) await until(`${path} is asked for`, () => asked.includes(`/v1/${path}`), 5000);
      assert.ok(!asked.includes('a new socket'), 'the feed goes on');
    }
  },

  async 'a part that cannot be had says so, on my page too'(bench) {
    const refuse = (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ code: 'unavailable', detail: 'Not now.' }) });
    const page = await bench.page({ token: 'member', expects: /503/, before: (page) => page.route('**/v1/me/trends*', refuse) });
    const part = page.getByText('Your last days could not be loaded.');
    await part.waitFor();
    await page.unroute('**/v1/me/trends*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await until('it is there', async () => (await part.count()) === 0);
  },

  async 'names the day of the unit, not the reader\'s'(bench) {
    const now = new Date();
    const timezoneId = now.getUTCHours() >= 12 ? 'Pacific/Kiritimati' : 'Etc/GMT+12';
    const page = await bench.page({ hash: '#/team/t-1', timezoneId });
    await byId(page, 'in-focus').waitFor();
    const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' }).format(now);
    assert.equal(await page.locator('.title p').textContent(), day);
  },

  async 'works where the browser keeps and copies nothing'(bench) {
    const before = (page) =>
      page.addInitScript(() => {
        const denied = {
          get() {
            throw new DOMException('denied', 'SecurityError');
          },
        };
        Object.defineProperty(window, 'sessionStorage', denied);
        Object.defineProperty(window, 'localStorage', denied);
        Object.defineProperty(navigator, 'clipboard', { value: undefined });
      });
    const page = await bench.page({ token: 'empty', before });
    await byId(page, 'empty').waitFor();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: /Selected/ }).waitFor();
    assert.match(await page.evaluate(() => window.getSelection().toString()), /^curl http/);
    await page.getByRole('radio', { name: 'Dark' }).check({ force: true });
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  },

  async 'says no where it must'(bench) {
    const expects = /403|503/;
    const manager = await bench.page({ token: 'manager', hash: '#/team/t-4', expects });
    assert.match(await byId(manager, 'problem').textContent(), /Not yours to see.*forbidden/s);
    await manager.getByRole('button', { name: 'Try again' }).click();
    await byId(manager, 'problem').waitFor();
    await manager.getByRole('link', { name: 'To the start page' }).click();
    await byId(manager, 'in-focus').waitFor();
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
    for (const [token, hash, id] of [['demo', '#/team/t-5', 'suppressed'], ['demo', '#/team/t-3', 'rolled-up'], ['empty', '', 'empty'], ['member', '', 'my-state'], ['member', '#/weeks', 'weeks'], ['demo', '#/org', 'in-focus']]) {
      const page = await bench.page({ token, hash, viewport });
      await byId(page, id).waitFor();
      await fits(page, `${id} at 360`);
    }
  },
};
