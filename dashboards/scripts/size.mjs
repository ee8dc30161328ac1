// Fails the build when what a browser has to fetch grows past the budget.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET_KIB = 200;
const dist = new URL('../dist/', import.meta.url);
let total = 0;
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (entry.isFile()) total += gzipSync(readFileSync(`${entry.parentPath}/${entry.name}`)).length;
}
const kib = total / 1024;
console.log(`dist: ${kib.toFixed(1)} KiB compressed of ${BUDGET_KIB}`);
if (kib > BUDGET_KIB) {
  console.error('The page outgrew its budget: find what came in, or raise BUDGET_KIB with a reason.');
  process.exit(1);
}
