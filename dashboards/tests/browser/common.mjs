// Cases for any server with people at work in it: the real one with a demo workforce, or the mock.
import assert from 'node:assert/strict';
import { byId, fits, tone, until } from './bench.mjs';

/** The team with the most people who have figures of their own to show today; a server just started needs a moment. */
async function busyTeam(bench) {
  const { teams: seen } = await bench.get('/v1/whoami');
  return until(
    'a team has enough people active today',
    async () => {
      const { teams } = await bench.get('/v1/teams');
      const today = await Promise.all(
        teams.filter(({ id }) => seen.includes(id)).map(async (team) => {
          const path = `/v1/teams/${encodeURIComponent(team.id)}`;
          // The team's own date: where it is, it may still be yesterday, or tomorrow already.
          const { from, time_zone: timeZone } = await bench.get(`${path}/timeline`);
          const day = new Intl.DateTimeFormat('en-CA', { timeZone }).format(new Date(from));
          const { n, suppressed, rolled_up_to: up } = await bench.get(`${path}/summary?from=${day}`);
          return { team, n: suppressed || up !== null ? 0 : n };
        }),
      );
      const [best] = today.sort((a, b) => b.n - a.n);
      return best?.n > 0 ? best.team : null;
    },
    90_000,
  );
}

async function teamPage(bench, options = {}) {
  const team = await busyTeam(bench);
  const page = await bench.page({ hash: `#/team/${encodeURIComponent(team.id)}`, ...options });
  await byId(page, 'in-focus').waitFor();
  return { page, team };
}

async function color(page, selector, property) {
  return page.locator(selector).first().evaluate((element, name) => getComputedStyle(element)[name], property);
}

export const common = {
  async 'signs in with the link and takes the token out of the address'(bench) {
    const page = await bench.page();
    await byId(page, 'live').waitFor();
    assert.ok(!page.url().includes('token'), page.url());
    assert.equal(await page.evaluate(() => window.history.length <= 2), true, 'no trace in the history');
    await page.reload();
    await byId(page, 'live').waitFor();
    assert.equal(await byId(page, 'sign-in').count(), 0, 'still signed in after a reload');
  },

  async 'shows a team: counts, score, focus, guard, chart and figures'(bench) {
    const { page, team } = await teamPage(bench);
    assert.equal(await page.locator('h1').textContent(), team.name);
    await tone(page, 'good');
    const [focus, active] = [Number(await byId(page, 'in-focus').textContent()), Number(await byId(page, 'active').textContent())];
    assert.ok(focus >= 0 && active >= focus, `${focus} of ${active}`);
    assert.match(await byId(page, 'score').textContent(), /^\d+$/);
    assert.match(await byId(page, 'focus-today').textContent(), /\d (h|min)/);
    assert.match(await byId(page, 'guard').textContent(), /at least \d+ needed/);
    for (const figure of ['focus_ms', 'meeting_ms', 'switches', 'interruptions', 'focus_score']) {
      assert.match(await byId(page, `figure-${figure}`).textContent(), /typical today/);
    }
    const painted = await page.locator('[data-testid="day-chart"] canvas').evaluate((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let seen = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i] > 0) seen++;
      return seen / (data.length / 4);
    });
    assert.ok(painted > 0.03, `the chart is painted (${painted})`);
  },

  async 'moves by itself, without a reload'(bench) {
    const { page } = await teamPage(bench);
    const hero = () => page.locator('.hero').textContent();
    const before = await hero();
    const origin = await page.evaluate(() => performance.timeOrigin);
    await until('a number of the hero changes', async () => (await hero()) !== before, 60_000);
    assert.equal(await page.evaluate(() => performance.timeOrigin), origin);
  },

  async 'changes the team by keyboard'(bench) {
    const { page } = await teamPage(bench);
    const select = page.getByLabel('Team', { exact: true });
    const [before, url] = [await page.locator('h1').textContent(), page.url()];
    await select.focus();
    const at = await select.evaluate((element) => element.selectedIndex);
    await page.keyboard.press(at > 0 ? 'ArrowUp' : 'ArrowDown');
    await until('another unit is shown', async () => (await page.locator('h1').textContent()) !== before && page.url() !== url);
    await tone(page, 'good');
    await page.goBack();
    await until('the way back leads back', async () => (await page.locator('h1').textContent()) === before);
  },

  async 'has a heat map for eye, keyboard and screen reader'(bench) {
    const { page } = await teamPage(bench);
    await byId(page, 'heat').waitFor();
    assert.equal(await page.locator('[data-testid="heat"] tbody tr').count(), 7);
    const cells = page.locator('[data-testid="heat"] [role="gridcell"]');
    assert.ok((await cells.count()) >= 7 * 9);
    const filled = page.locator('[data-testid="heat"] [role="gridcell"][style*="--focus-"]');
    assert.ok((await filled.count()) >= 5, 'cells with a value');
    await filled.first().hover();
    assert.match(await byId(page, 'heat-reading').textContent(), /% of active time in focus/);
    await page.locator('[data-testid="heat"] [tabindex="0"]').focus();
    await page.keyboard.press('ArrowDown');
    const spoken = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    assert.match(spoken, /^Tuesday/);
    await page.getByText('Interruptions', { exact: true }).and(page.locator('label')).click();
    assert.ok((await page.locator('[data-testid="heat"] [role="gridcell"][style*="--interrupt-"]').count()) >= 5);
    await page.getByLabel('Show numbers').check();
    assert.ok((await page.locator('[data-testid="heat"] [role="gridcell"]:not(:empty)').count()) >= 5);
  },

  async 'reads the chart out by keyboard'(bench) {
    const { page } = await teamPage(bench);
    const chart = byId(page, 'day-chart');
    await chart.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    const first = await chart.getAttribute('aria-valuetext');
    assert.match(first, /\d\d:\d\d/);
    assert.equal(await byId(page, 'reading').count(), 1);
    await page.keyboard.press('ArrowLeft');
    assert.notEqual(await chart.getAttribute('aria-valuetext'), first);
    await page.keyboard.press('Escape');
    assert.equal(await byId(page, 'reading').count(), 0);
  },

  async 'is reached by the Tab key alone, with the focus to be seen'(bench) {
    const { page } = await teamPage(bench);
    await byId(page, 'heat').waitFor();
    const seen = [];
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const element = document.activeElement;
        if (!element || element === document.body) return null;
        const ringed = element.closest('label') ?? element;
        const outlined = [element, ringed].some((e) => getComputedStyle(e).outlineStyle !== 'none');
        return { name: element.dataset.testid ?? element.getAttribute('aria-label') ?? ringed.textContent.trim().slice(0, 40), outlined, tag: element.tagName };
      });
      if (at === null) break;
      assert.ok(at.outlined, `${at.name} shows no focus`);
      seen.push(at.name);
    }
    assert.equal(seen[0], 'Skip to the figures');
    for (const wanted of ['Sign out', 'day-chart', 'Show numbers']) {
      assert.ok(seen.includes(wanted), `${wanted} in ${seen.join(', ')}`);
    }
    assert.ok(seen.some((name) => name.startsWith('What this means')), 'explanations are reached');
  },

  async 'explains each number'(bench) {
    const { page } = await teamPage(bench);
    const button = page.getByRole('button', { name: 'What this means: Interruption score' });
    await button.focus();
    await page.keyboard.press('Enter');
    const text = page.getByText('How heavily messages weigh on focus');
    await until('the explanation is open', () => text.isVisible());
    const box = await text.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 1440 && box.y >= 0, 'inside the window');
    await page.keyboard.press('Escape');
    await until('and closed again', async () => !(await text.isVisible()));
    await page.getByRole('button', { name: /^9 of 10 under/ }).first().press('Enter');
    await until('what nine of ten means', () => page.getByText('Nine of ten people have less').first().isVisible());
  },

  async 'is dark when told so, and remembers it'(bench) {
    const { page } = await teamPage(bench, { expects: /ERR_FAILED/ });
    const brightness = async () => {
      const [r, g, b] = (await color(page, 'html', 'backgroundColor')).match(/\d+/g).map(Number);
      return (r + g + b) / 3;
    };
    assert.ok((await brightness()) > 200, 'light to begin with');
    await page.getByRole('radio', { name: 'Dark' }).focus();
    await page.keyboard.press('Space');
    await until('dark', async () => (await brightness()) < 60);
    await page.reload();
    await byId(page, 'in-focus').waitFor();
    assert.ok((await brightness()) < 60, 'still dark');
    await bench.accessible(page, 'the team page, dark');
    await page.route('**/assets/*.js', (route) => route.abort());
    await page.reload();
    assert.ok((await brightness()) < 60, 'dark before the app is there');
    const dark = await teamPage(bench, { scheme: 'dark' });
    const [r] = (await color(dark.page, 'html', 'backgroundColor')).match(/\d+/g).map(Number);
    assert.ok(r < 60, 'dark as the system is');
  },

  async 'fits a phone and a wide screen'(bench) {
    for (const width of [360, 390, 768, 1024, 1600]) {
      const { page } = await teamPage(bench, { viewport: { width, height: 844 } });
      await byId(page, 'heat').waitFor();
      await fits(page, `the team page at ${width}`);
      await page.getByLabel('Show numbers').check();
      await fits(page, `the heat map with numbers at ${width}`);
    }
  },

  async 'comes back when the connection breaks, and says so meanwhile'(bench) {
    const wire = await bench.wire();
    const { page } = await teamPage(bench, { url: wire.url, expects: /WebSocket|ERR_|Failed to load|fetch/ });
    await tone(page, 'good');
    wire.down();
    await tone(page, 'bad');
    await byId(page, 'banner').waitFor();
    assert.match(await byId(page, 'banner').textContent(), /What you see is of \d\d?:\d\d/);
    assert.equal(await byId(page, 'in-focus').count(), 1, 'what was there stays');
    wire.up();
    await tone(page, 'good', 30_000);
    const before = await page.locator('.hero').textContent();
    await until('the numbers move again', async () => (await page.locator('.hero').textContent()) !== before, 60_000);
  },

  async 'has nothing serious against it for screen readers and low vision'(bench) {
    const { page } = await teamPage(bench);
    await byId(page, 'heat').waitFor();
    await bench.accessible(page, 'the team page');
    await page.getByLabel('Show numbers').check();
    await page.getByRole('button', { name: 'What this means: Through the day' }).click();
    await bench.accessible(page, 'the team page with numbers and an explanation open');
  },

  async 'turns away a token that is not known'(bench) {
    const page = await bench.page({ token: 'nobody', expects: /401/ });
    await byId(page, 'sign-in').waitFor();
    assert.match(await page.getByRole('alert').textContent(), /not known/);
    await page.getByLabel('Or paste the token or the link').fill(`${bench.url}/#token=${bench.token}`);
    await page.keyboard.press('Enter');
    await byId(page, 'live').waitFor();
  },
};
