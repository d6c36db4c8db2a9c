import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { PalateError } from '../../../src/errors.ts';
import { openLmdbScoreRecords } from '../../../src/storage/records/lmdb-score-records.ts';
import type { ScoreRecords } from '../../../src/storage/records/score-records.ts';
import { writeBehind } from '../../../src/storage/records/write-behind.ts';
import { hashOf, queryOf, reviewOf, wordOn } from './suite.ts';

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function openStore(): Promise<ScoreRecords> {
  const folder = await mkdtemp(join(tmpdir(), 'palate-behind.'));
  folders.push(folder);
  return openLmdbScoreRecords(folder, { warn: () => undefined });
}

function keepingLog() {
  const lines: string[] = [];
  return { lines, warn: (_fields: object, message: string) => void lines.push(message) };
}

/** A store whose puts wait until they are let through. */
async function slowStore() {
  const store = await openStore();
  const gate = Promise.withResolvers<void>();
  const put: ScoreRecords['put'] = async (tenant, word) => {
    await gate.promise;
    return store.put(tenant, word);
  };
  return { store, slow: { ...store, put, close: () => store.close() }, gate };
}

describe('records that are written behind', () => {
  it('know a photo that the store has not got yet, by its bytes and its id, for its tenant alone', async () => {
    const { store, slow, gate } = await slowStore();
    const records = writeBehind(slow, { log: keepingLog() });
    const word = wordOn('a');
    const kept = await records.put('t', word);
    assert.equal(kept.record.imageId, word.imageId);
    assert.deepEqual(await records.find('t', hashOf('a')), kept);
    assert.deepEqual(await records.get('t', word.imageId.toUpperCase()), kept);
    assert.equal(await records.find('u', hashOf('a')), undefined);
    assert.equal(await records.get('u', word.imageId), undefined);
    assert.equal(await store.find('t', hashOf('a')), undefined);
    gate.resolve();
    await records.close();
  });

  it('bring an expert’s word, the queue and the end behind what waits', async () => {
    const { store, slow, gate } = await slowStore();
    const records = writeBehind(slow, { log: keepingLog() });
    const word = wordOn('a');
    await records.put('', word);
    const reviewed = records.review('', word.imageId, reviewOf({ score: 1 }));
    const listed = records.list('', queryOf({ includeReviewed: true }));
    gate.resolve();
    assert.equal((await reviewed)?.record.score, 1);
    assert.equal((await listed).records.length, 1);
    assert.equal((await records.find('', hashOf('a')))?.record.score, 1);
    await records.put('', wordOn('b'));
    await records.settled();
    assert.notEqual(await store.find('', hashOf('b')), undefined);
    await records.close();
  });

  it('have the store bring words on one photo together: the first id stays, and the review', async () => {
    const records = writeBehind(await openStore(), { log: keepingLog() });
    const first = wordOn('a');
    await records.put('', first);
    await records.review('', first.imageId, reviewOf({ score: 1 }));
    const again = await records.put('', wordOn('a', { score: 5, scoredAtMicros: first.scoredAtMicros + 1 }));
    assert.equal(again.record.imageId, first.imageId);
    assert.equal(again.record.score, 1);
    assert.equal(again.record.modelScore, 5);
    await records.close();
  });

  it('go to the store together after a while, or at once where somebody needs them there', async () => {
    const store = await openStore();
    const puts: string[] = [];
    const put: ScoreRecords['put'] = (tenant, word) => {
      puts.push(word.sha256);
      return store.put(tenant, word);
    };
    const records = writeBehind(
      { ...store, put, close: () => store.close() },
      { gatherMillis: 60_000, log: keepingLog() },
    );
    await records.put('', wordOn('a'));
    await records.put('', wordOn('b'));
    assert.deepEqual(puts, []);
    await records.settled();
    assert.deepEqual(puts, [hashOf('a'), hashOf('b')]);
    const word = wordOn('c');
    await records.put('', word);
    await records.review('', word.imageId, reviewOf({ score: 1 }));
    assert.equal(puts.at(-1), hashOf('c'));
    await records.put('', wordOn('d'));
    await records.close();
    assert.equal(puts.at(-1), hashOf('d'));
  });

  it('wait for the store when too much waits already', async () => {
    const { slow, gate } = await slowStore();
    const records = writeBehind(slow, { maxWaiting: 1, log: keepingLog() });
    await records.put('', wordOn('a'));
    let isIn = false;
    const second = records.put('', wordOn('b')).then(() => {
      isIn = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isIn, false);
    gate.resolve();
    await second;
    await records.close();
  });

  it('forget a word that the store refuses, and say so', async () => {
    const store = await openStore();
    const put = async () => Promise.reject(new PalateError('STORAGE_FULL', 'there is no room'));
    const log = keepingLog();
    const records = writeBehind({ ...store, put, close: () => store.close() }, { log });
    await records.put('', wordOn('a'));
    await records.settled();
    assert.equal(await records.find('', hashOf('a')), undefined);
    assert.deepEqual(log.lines, ['a score was not taken down: the photo is not known next time']);
    await records.close();
  });
});
