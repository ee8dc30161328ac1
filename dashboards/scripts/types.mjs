// Writes src/api/types.ts from the OpenAPI document; with --check only says whether it is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import openapi, { astToString } from 'openapi-typescript';

const source = new URL('../../schemas/openapi.json', import.meta.url);
const target = new URL('../src/api/types.ts', import.meta.url);
const fresh = `// Generated from schemas/openapi.json by \`npm run types\`. Not for editing.\n\n${astToString(await openapi(source))}`;

if (!process.argv.includes('--check')) {
  writeFileSync(target, fresh);
  console.log('wrote src/api/types.ts');
} else if (readFileSync(target, 'utf8') !== fresh) {
  console.error('src/api/types.ts is stale: schemas/openapi.json has changed. Run `npm run types`.');
  process.exit(1);
}
