import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { watchFolder } from '../../src/exchange/watched-folder.ts';

async function watched(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'palate-watched-'));
  const end = new AbortController();
  t.after(() => {
    end.abort();
    return rm(folder, { recursive: true });
  });
  const names = watchFolder(folder, end.signal);
  const next = async () => {
    const { value } = await names.next();
    return value === undefined ? undefined : basename(value);
  };
  return { folder, next, end };
}

test('gives what is there, what comes, and what changes, each once', async (t) => {
  const { folder, next, end } = await watched(t);
  await writeFile(join(folder, 'b.jpg'), 'b');
  await writeFile(join(folder, 'a.jpg'), 'a');
  assert.deepEqual([await next(), await next()], ['a.jpg', 'b.jpg']);
  await writeFile(join(folder, 'notes.txt'), 'no photo');
  await writeFile(join(folder, 'c.jpg'), 'c');
  assert.equal(await next(), 'c.jpg');
  await writeFile(join(folder, 'a.jpg'), 'another');
  assert.equal(await next(), 'a.jpg');
  await rm(join(folder, 'b.jpg'));
  await mkdir(join(folder, 'd.jpg'));
  const last = next();
  end.abort();
  assert.equal(await last, undefined);
});

test('a file that still grows is not given before it is whole', async (t) => {
  const { folder, next } = await watched(t);
  const file = join(folder, 'slow.jpg');
  let pieces = 0;
  const given = next().then(() => pieces);
  for (; pieces < 12; pieces++) {
    await appendFile(file, 'piece');
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.equal(await given, 12);
});

test('a file that came again after it was gone is given again', async (t) => {
  const { folder, next } = await watched(t);
  const file = join(folder, 'again.jpg');
  await writeFile(file, 'one');
  assert.equal(await next(), 'again.jpg');
  await rm(file);
  const second = next();
  // Two looks without it.
  await new Promise((resolve) => setTimeout(resolve, 700));
  await writeFile(file, 'one');
  assert.equal(await second, 'again.jpg');
});

test('a folder that cannot be read is named', async () => {
  const folder = join(tmpdir(), 'palate-no-such-folder');
  await assert.rejects(watchFolder(folder, new AbortController().signal).next(), {
    reason: 'INPUT_UNREADABLE',
    message: `the folder ${folder} cannot be read`,
  });
});
