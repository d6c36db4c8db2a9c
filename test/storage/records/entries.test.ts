import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** In a process of its own: what fails here ends it. */
const program = (entries: string) => `
  import { openEntries } from ${JSON.stringify(entries)};
  for (let round = 0; round < 1_000; round++) {
    const entries = openEntries(process.argv[1]);
    for (let i = 0; i < 20; i++) entries.put(Buffer.from(round + '-' + i), Buffer.alloc(200));
    await entries.flushed;
    await entries.close();
  }
  const entries = openEntries(process.argv[1]);
  console.log(entries.getCount());
  await entries.close();
`;

// With overlapping syncs the binding's thread went on with a file that was flushed and closed, and what was opened next lay where
// it wrote: an erasure under load ended the process.
test('a file may be closed and opened again right after it is flushed, many times over', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'palate-entries-'));
  t.after(() => rm(folder, { recursive: true }));
  const source = program(new URL('../../../src/storage/records/entries.ts', import.meta.url).href);
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source, join(folder, 'a.mdb')]);
  assert.equal(stdout.trim(), '20000');
});
