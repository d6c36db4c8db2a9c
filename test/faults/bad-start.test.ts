import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../commands/run.ts';
import { connect } from '../interop/plain-client.ts';
import { type Ended, runPalate, servePalate, temporaryFolder } from '../servers/palate-process.ts';
import { assertHelps, assertServesOn } from './refusals.ts';

/** One line on standard error: the reason, what is wrong with which thing, and what to do. */
function assertFailed(
  { code, stdout, stderr }: Ended,
  exitCode: number,
  reason: string,
  ...names: readonly string[]
): void {
  assert.equal(code, exitCode, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, new RegExp(`^palate: ${reason}: `, 'm'));
  for (const name of names) assert.ok(stderr.includes(name), `${name} is not named in: ${stderr}`);
  assertHelps(stderr);
}

function serve(folder: string, ...args: readonly string[]): Promise<Ended> {
  return runPalate(['serve', '--data', folder, '--port', '0', '--http-port', '0', ...args]);
}

test('a second server on the same folder is refused, and the first serves on', async (t) => {
  const first = await servePalate(t);
  const second = await serve(first.dataFolder);
  assertFailed(second, 1, 'JOURNAL_LOCKED', first.dataFolder, String(first.process.pid));
  await assertServesOn(first, connect(t, first.grpc));
});

test('a port in use is named, whichever of the two it is', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const folder = await temporaryFolder(t);
  const runs = ['--port', '--http-port'].map((flag) => serve(join(folder, flag), flag, String(port)));
  for (const ended of await Promise.all(runs)) assertFailed(ended, 1, 'ADDRESS_IN_USE', `127.0.0.1:${port}`);
});

test('a file in place of the data folder, and one above it', async (t) => {
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, 'mine');
  for (const folder of [file, join(file, 'below')]) {
    assertFailed(await serve(folder), 1, 'DATA_UNWRITABLE', folder);
  }
});

test('a data folder without write permission', async (t) => {
  const folder = join(await temporaryFolder(t), 'data');
  await mkdir(folder);
  await chmod(folder, 0o500);
  assertFailed(await runWithoutOverride(folder), 1, 'DATA_UNWRITABLE', folder, 'permission');
});

/** As root too, permissions hold: without the capabilities that override them. */
async function runWithoutOverride(folder: string): Promise<Ended> {
  const args = ['serve', '--data', folder, '--port', '0', '--http-port', '0'];
  if (process.getuid?.() !== 0) return runPalate(args);
  const main = new URL('../../src/main.ts', import.meta.url).pathname;
  const dropped = ['--bounding-set', '-dac_override,-dac_read_search', '--inh-caps', '-dac_override,-dac_read_search'];
  const { status, stdout, stderr, error } = spawnSync('setpriv', [...dropped, process.execPath, main, ...args], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(error, undefined, 'setpriv is needed (Debian: util-linux)');
  return { code: status, stdout, stderr };
}

test('a key, a value or a flag that does not exist is named, with the nearest that does', async (t) => {
  const folder = await temporaryFolder(t);
  const config = join(folder, 'palate.yaml');
  await writeFile(config, 'journal:\n  durabilty: disk\n');
  const wrong: readonly (readonly [args: readonly string[], reason: string, names: readonly string[]])[] = [
    [['--config', config], 'CONFIG_INVALID', [config, 'journal.durabilty', 'durability']],
    [['--set', 'jurnal.durability=disk'], 'CONFIG_INVALID', ['jurnal', 'journal']],
    [['--set', 'journal.durability=paper'], 'CONFIG_INVALID', ['journal.durability', 'paper']],
    [['--prot', '1'], 'USAGE', ['--prot', '--port']],
    [['--config', join(folder, 'none.yaml')], 'CONFIG_INVALID', ['none.yaml']],
    [['--port', '70000'], 'CONFIG_INVALID', ['port', '70000']],
  ];
  for (const [args, reason, names] of wrong) {
    const ended = await run(['serve', '--data', join(folder, 'data'), ...args]);
    assertFailed(ended, 2, reason, ...names);
  }
});
