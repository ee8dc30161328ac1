// The page in a real browser. Against FOCUSFLOW_URL with FOCUSFLOW_TOKEN (an admin's) when set, and always against the
// mock, which can do on demand what a real server does by accident. Nothing is skipped: no browser is a failure.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { start } from '../../mock/server.mjs';
import { common } from './common.mjs';
import { mocked } from './mocked.mjs';
import { Bench } from './bench.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const only = process.argv[2];

if (!existsSync(CHROMIUM)) {
  console.error(`There is no browser at ${CHROMIUM}. Install it (apt-get install chromium) or name another in CHROMIUM.`);
  process.exit(1);
}
if (!existsSync(new URL('../../dist/index.html', import.meta.url))) {
  console.error('There is nothing to test: dist/ is missing. Run `npm run build` first.');
  process.exit(1);
}

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});
const mock = await start(0);
const { FOCUSFLOW_URL: realUrl, FOCUSFLOW_TOKEN: realToken } = process.env;
const suites = [
  ['mock', new Bench(browser, mock.url, 'demo'), { ...common, ...mocked }],
  ...(realUrl ? [['server', new Bench(browser, realUrl.replace(/\/$/, ''), realToken ?? ''), common]] : []),
];

let failed = 0;
for (const [where, bench, cases] of suites) {
  for (const [name, run] of Object.entries(cases)) {
    if (only && !`${where}: ${name}`.includes(only)) continue;
    const began = performance.now();
    try {
      await run(bench);
      bench.complain();
      console.log(`ok   ${where}: ${name} (${Math.round(performance.now() - began)} ms)`);
    } catch (error) {
      failed += 1;
      console.error(`FAIL ${where}: ${name}\n     ${String(error.stack ?? error).replaceAll('\n', '\n     ')}`);
    } finally {
      await bench.clear();
    }
  }
}
await browser.close();
await mock.stop();
console.log(failed === 0 ? 'all well' : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
