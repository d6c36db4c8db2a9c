import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openEntries } from '../../../src/storage/records/entries.ts';
import { openLmdbScoreRecords } from '../../../src/storage/records/lmdb-score-records.ts';
import { metaKeys, tenantKeys } from '../../../src/storage/records/record-keys.ts';
import { hashOf, queryOf, reviewOf, scoreRecordsSuite, wordOn } from './suite.ts';

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'palate-records.'));
  folders.push(folder);
  return folder;
}

function keepingLog() {
  const lines: { fields: object; message: string }[] = [];
  return { lines, warn: (fields: object, message: string) => void lines.push({ fields, message }) };
}

scoreRecordsSuite('a folder', async () => openLmdbScoreRecords(await newFolder(), keepingLog()));

/** A folder with two photos, closed at sequence 9. */
async function filledFolder(): Promise<string> {
  const folder = await newFolder();
  const records = await openLmdbScoreRecords(folder, keepingLog());
  await records.follow('journal');
  const word = wordOn('a');
  await Promise.all([
    records.put('', word),
    records.put('', wordOn('b')),
    records.review('', word.imageId, reviewOf()),
  ]);
  await records.setSequence(9);
  await records.close();
  return folder;
}

describe('a folder of score records', () => {
  it('is there again after a restart, and says nothing', async () => {
    const log = keepingLog();
    const records = await openLmdbScoreRecords(await filledFolder(), log);
    assert.equal(records.lastSequence, 9);
    assert.equal((await records.find('', hashOf('a')))?.record.score, 2);
    assert.equal((await records.list('', queryOf({ includeReviewed: true }))).records.length, 2);
    assert.deepEqual(log.lines, []);
    await records.close();
  });

  it('is there again after a crash', async () => {
    const folder = await filledFolder();
    // The state that a crash leaves: not closed.
    await rm(join(folder, 'closed.json'));
    const log = keepingLog();
    const records = await openLmdbScoreRecords(folder, log);
    assert.ok(await records.find('', hashOf('a')));
    assert.deepEqual(log.lines, []);
    await records.close();
  });

  it('has what was put when its process is killed', async () => {
    const folder = await newFolder();
    const killed = spawn(process.execPath, [fileURLToPath(new URL('putting-process.ts', import.meta.url)), folder]);
    const [answer] = await once(killed.stdout, 'data');
    const exited = once(killed, 'exit');
    killed.kill('SIGKILL');
    await exited;
    const log = keepingLog();
    const records = await openLmdbScoreRecords(folder, log);
    const words: { sha256: string }[] = JSON.parse(String(answer));
    for (const { sha256 } of words) assert.equal((await records.find('', sha256))?.record.sha256, sha256);
    assert.equal(words.length, 20);
    assert.deepEqual(log.lines, []);
    await records.close();
  });

  const damages: Record<string, (folder: string) => Promise<unknown>> = {
    'the file is gone': (folder) => rm(join(folder, 'records.mdb')),
    'the file is cut short': (folder) => truncate(join(folder, 'records.mdb'), 5_000),
    'the file is empty': (folder) => truncate(join(folder, 'records.mdb'), 0),
    'the file is something else': (folder) => writeFile(join(folder, 'records.mdb'), 'hello'),
    'the process died while it opened it': (folder) => writeFile(join(folder, 'opening'), ''),
    'it had failed': (folder) => writeFile(join(folder, 'condemned'), ''),
    'it was not closed and is something else': async (folder) => {
      await rm(join(folder, 'closed.json'));
      await writeFile(join(folder, 'records.mdb'), Buffer.alloc(50_000, 1));
    },
    'it was not closed and was cut short': async (folder) => {
      await rm(join(folder, 'closed.json'));
      await truncate(join(folder, 'records.mdb'), 9_000);
    },
    'another version wrote it': async (folder) => {
      const entries = openEntries(join(folder, 'records.mdb'));
      await entries.put(metaKeys.format, Buffer.from('palate scores 0'));
      await entries.close();
      await rm(join(folder, 'closed.json'));
    },
    'a photo is damaged after a crash': async (folder) => {
      await rm(join(folder, 'closed.json'));
      const file = join(folder, 'records.mdb');
      const bytes = await readFile(file);
      for (let at = bytes.indexOf('Kiwi'); at !== -1; at = bytes.indexOf('Kiwi', at)) bytes[at] = 1;
      await writeFile(file, bytes);
    },
  };
  for (const [what, damage] of Object.entries(damages)) {
    it(`begins anew and says so where ${what}`, async () => {
      const folder = await filledFolder();
      await damage(folder);
      const log = keepingLog();
      const records = await openLmdbScoreRecords(folder, log);
      assert.match(log.lines.map(({ message }) => message).join(), /begun anew/);
      assert.equal(records.lastSequence, 0);
      assert.equal(await records.find('', hashOf('a')), undefined);
      await records.put('', wordOn('a'));
      assert.ok(await records.find('', hashOf('a')));
      await records.close();
      const silent = keepingLog();
      await (await openLmdbScoreRecords(folder, silent)).close();
      assert.deepEqual(silent.lines, []);
    });
  }

  it('sees any byte that changed while it was closed', async () => {
    const folder = await filledFolder();
    const file = join(folder, 'records.mdb');
    const good = await readFile(file);
    const closed = await readFile(join(folder, 'closed.json'));
    for (let at = 3; at < good.length; at += Math.ceil(good.length / 12)) {
      const bad = Buffer.from(good);
      bad[at] = bad[at]! ^ 4;
      await writeFile(file, bad);
      await writeFile(join(folder, 'closed.json'), closed);
      const log = keepingLog();
      const records = await openLmdbScoreRecords(folder, log);
      assert.equal(log.lines.length, 1, `byte ${at}`);
      await records.close();
    }
  });

  it('fails to open where it cannot write, with the folder', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'file'), '');
    await assert.rejects(openLmdbScoreRecords(join(folder, 'file', 'scores'), keepingLog()), {
      reason: 'STORAGE_FAILED',
      message: /scores can't be opened/,
    });
    assert.deepEqual(await readdir(folder), ['file']);
  });

  it('leaves no trace of what was deleted, and goes on meanwhile', async () => {
    const folder = await newFolder();
    const records = await openLmdbScoreRecords(folder, keepingLog());
    const words = Array.from({ length: 1_500 }, (_, n) =>
      wordOn(`p${n}`, { userId: n % 3 === 0 ? 'gone-for-good' : 'other' }),
    );
    await Promise.all(words.map((word) => records.put('', word)));
    await Promise.all(words.map(({ imageId }) => records.review('', imageId, reviewOf())));
    const file = join(folder, 'records.mdb');
    assert.ok((await readFile(file)).includes('gone-for-good'));
    const late = wordOn('late');
    const deleting = records.deleteOf('', ({ userId }) => userId === 'gone-for-good');
    const meanwhile = Promise.all([records.put('', late), records.find('', words[1]!.sha256), records.setSequence(4)]);
    assert.equal((await deleting).length, 500);
    assert.equal((await meanwhile)[1]?.record.userId, 'other');
    await Promise.all([
      records.deleteOf('', () => false),
      records.deleteOf('', ({ imageIds }) => imageIds.includes(words[1]!.imageId)),
    ]);
    assert.equal((await records.get('', late.imageId))?.record.sha256, late.sha256);
    await records.close();
    const bytes = await readFile(file);
    assert.equal(bytes.includes('gone-for-good'), false);
    assert.equal(bytes.includes(Buffer.from(words[0]!.sha256, 'hex')), false);
    assert.equal(bytes.includes(Buffer.from(words[1]!.sha256, 'hex')), false);
    assert.deepEqual((await readdir(folder)).sort(), ['closed.json', 'records.mdb', 'records.mdb-lock']);
    const again = await openLmdbScoreRecords(folder, keepingLog());
    assert.equal(again.lastSequence, 4);
    const kept = await Promise.all(words.map(({ sha256 }) => again.find('', sha256)));
    assert.equal(kept.filter((each) => each !== undefined).length, 999);
    await again.close();
  });

  it('finishes a removal that was cut short', async () => {
    const folder = await newFolder();
    const records = await openLmdbScoreRecords(folder, keepingLog());
    const word = wordOn('a', { userId: 'gone-for-good' });
    await Promise.all([records.put('', word), records.put('', wordOn('b'))]);
    await records.close();
    const file = join(folder, 'records.mdb');
    const entries = openEntries(file);
    await entries.remove(tenantKeys('').photo(word.sha256));
    await entries.flushed;
    await entries.close();
    assert.ok((await readFile(file)).includes('gone-for-good'));
    // What a crash in the middle leaves: marks, and half of a fresh file.
    await rm(join(folder, 'closed.json'));
    await writeFile(join(folder, 'purging'), '');
    await writeFile(join(folder, 'fresh.mdb'), 'half');
    const log = keepingLog();
    const again = await openLmdbScoreRecords(folder, log);
    assert.equal((await readFile(file)).includes('gone-for-good'), false);
    assert.ok(await again.find('', hashOf('b')));
    assert.deepEqual(log.lines, []);
    await again.close();
  });

  it('leaves the records alone where the caller fails', async () => {
    const folder = await filledFolder();
    const records = await openLmdbScoreRecords(folder, keepingLog());
    const failing = records.deleteOf('', () => {
      throw new TypeError('not ours');
    });
    await assert.rejects(failing, TypeError);
    await records.close();
    const log = keepingLog();
    await (await openLmdbScoreRecords(folder, log)).close();
    assert.deepEqual(log.lines, []);
  });
});
