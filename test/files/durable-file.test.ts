import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readIfThere, writeDurably } from '../../src/files/durable-file.ts';
import { errorCode, isMissing, isNoRoom } from '../../src/files/system-error.ts';

const folder = await mkdtemp(join(tmpdir(), 'palate-files-'));
after(() => rm(folder, { recursive: true }));

test('a file is replaced whole, for its owner alone, and leaves no draft', async () => {
  const path = join(folder, 'one');
  assert.equal(await readIfThere(path), undefined);
  await writeDurably(path, 'first');
  await writeDurably(path, 'second');
  assert.equal(await readIfThere(path), 'second');
  assert.deepEqual(await readdir(folder), ['one']);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('what can not be read or written is named', async () => {
  await assert.rejects(readIfThere(folder), { reason: 'INPUT_UNREADABLE', message: /cannot be read/ });
  await assert.rejects(writeDurably(join(folder, 'none', 'file'), ''), { reason: 'DATA_UNWRITABLE' });
});

test('the errors of system calls are told apart', async () => {
  const missing = await stat(join(folder, 'missing')).catch((error: unknown) => error);
  assert.deepEqual([errorCode(missing), isMissing(missing), isNoRoom(missing)], ['ENOENT', true, false]);
  assert.ok(isNoRoom({ code: 'EDQUOT' }) && isNoRoom({ code: 'ENOSPC' }));
  assert.deepEqual([errorCode(undefined), errorCode(new Error('no call'))], ['', '']);
});
