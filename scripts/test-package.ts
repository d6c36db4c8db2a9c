/** Packs the built package, installs it into an empty folder as a user would, and tries its command and its library there. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'palate-package-'));

function run(cwd: string, command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

const example = `
import { newEventId, openPalate } from 'palate';
const palate = await openPalate({ dataFolder: 'data' });
const viewed = (itemId) => ({ eventId: newEventId(), userId: 'anna', payload: { case: 'itemViewed', value: { itemId } } });
await palate.ingest.publish({ events: [viewed('pasta'), viewed('pesto')] });
const { items } = await palate.recommendation.recommend({ placement: 'home', userId: 'anna' });
await palate.close();
console.log(items.map(({ itemId }) => itemId).join());
`;

try {
  const [packed] = JSON.parse(run(root, 'npm', 'pack', '--json', '--pack-destination', folder)) as {
    filename: string;
  }[];
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }));
  run(folder, 'npm', 'install', '--no-save', `./${packed?.filename}`);
  const help = run(folder, 'npx', 'palate', '--help');
  if (!help.includes('palate serve') && !help.includes('serve')) throw new Error(`palate --help says:\n${help}`);
  writeFileSync(join(folder, 'example.js'), example);
  const answer = run(folder, process.execPath, 'example.js').trim();
  if (answer !== 'pasta') throw new Error(`the library recommended ${JSON.stringify(answer)}`);
  console.log('2 passed, 0 failed');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
