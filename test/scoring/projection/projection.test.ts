import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { PalateError } from '../../../src/errors.ts';
import type { UnsentListener } from '../../../src/scoring/outbox.ts';
import { localMealJournal } from '../../../src/scoring/projection/local-meal-journal.ts';
import { erase, makeFolder, viewed } from '../../ingest/erasure/publishing.ts';
import { eventually } from '../../servers/palate-process.ts';
import { bytesOf, hashOf, imageOf, openFollowing, reviewed, scored, wordOf } from './following.ts';

let folder: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ folder, remove } = await makeFolder());
});
afterEach(async () => {
  for (const following of opened.splice(0)) await following.close();
  await remove();
});

type Following = Awaited<ReturnType<typeof openFollowing>>;

const opened: Following[] = [];

async function open(options: Parameters<typeof openFollowing>[1] = {}): Promise<Following> {
  const following = await openFollowing(folder, options);
  opened.push(following);
  return following;
}

const caughtUp = ({ projection, journal }: Following) =>
  eventually('the records are as far as the journal', () => {
    const end = journal.status().durableSequence;
    return projection.status.sequence >= end && projection.status.isClean;
  });

const userOf = async ({ records }: Following, photo: number) => (await records.get('', imageOf(photo)))?.record.userId;

/** Whether a file of the folder holds the text. */
async function holds(text: string): Promise<boolean> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && (await contentOf(join(entry.parentPath, entry.name))).includes(text)) return true;
  }
  return false;
}

/** Empty where it is gone since the folder was listed. */
function contentOf(path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
}

describe('score records', () => {
  test('have what the journal tells of photos, whoever published it and whenever', async () => {
    const following = await open();
    await following.publish(viewed('eve'), scored(1, 'ann'), viewed('eve'), reviewed(2, 5));
    await caughtUp(following);
    await following.publish(scored(2, 'bob'), viewed('eve'));
    await caughtUp(following);
    assert.equal(await userOf(following, 1), 'ann');
    const { record } = (await following.records.get('', imageOf(2)))!;
    assert.deepEqual([record.userId, record.modelScore, record.score, record.uncertainty], ['bob', 3, 5, 0.25]);
    await following.close();
  });

  test('go on after a restart from where they were, and begin anew where they were lost', async () => {
    const first = await open();
    await first.publish(scored(1, 'ann'));
    await caughtUp(first);
    await first.close();
    const second = await open();
    const end = second.records.lastSequence;
    assert.ok(end > 0);
    await second.publish(scored(2, 'bob'));
    await caughtUp(second);
    assert.deepEqual([await userOf(second, 1), await userOf(second, 2)], ['ann', 'bob']);
    await second.close();
    await rm(join(folder, 'scores'), { recursive: true });
    const third = await open();
    await caughtUp(third);
    assert.deepEqual([await userOf(third, 1), await userOf(third, 2)], ['ann', 'bob']);
    await third.close();
  });

  test('are begun anew beside another journal', async () => {
    const first = await open();
    await first.publish(scored(1, 'ann'));
    await caughtUp(first);
    await first.close();
    for (const name of ['journal', 'erasures.json']) await rm(join(folder, name), { recursive: true });
    const second = await open();
    await second.publish(scored(2, 'bob'));
    await caughtUp(second);
    assert.deepEqual([await userOf(second, 1), await userOf(second, 2)], [undefined, 'bob']);
    await second.close();
  });

  test('follow again after what they follow failed', async () => {
    const plain = await open();
    await plain.projection.stop();
    let attempts = 0;
    const real = localMealJournal(plain.journal, () => 0);
    const journal = {
      ...real,
      status: async () => {
        attempts += 1;
        if (attempts <= 3) throw new PalateError('UNREACHABLE', 'not yet');
        return real.status();
      },
    };
    await plain.close();
    const following = await open({ journal });
    // The journal of before is closed: each attempt fails until it is given up, and stop does not wait.
    await eventually('it tries again', () => attempts > 3);
    await following.close();
  });
});

describe('an erasure', () => {
  test('takes photos, scores and waiting reviews out, and nothing of others', async () => {
    const following = await open();
    const { publish, objects, records } = following;
    for (const photo of [1, 2, 3]) await objects.put({ tenant: '', sha256: hashOf(photo) }, Buffer.of(photo));
    await publish(scored(1, 'ann-of-lynn'), scored(2, 'bob'), scored(3, 'bob', 2), scored(3, 'ann-of-lynn', 2));
    await publish(reviewed(1, 4, 'said of lynn'), reviewed(3, 5), scored(4, 'bob'));
    await caughtUp(following);
    // Their record was replaced by another word, whose page is elsewhere.
    await publish(scored(4, 'ann-of-lynn'));
    await caughtUp(following);
    await publish(scored(4, 'bob'));
    await records.put('', wordOf(9, 'ann-of-lynn'));
    await caughtUp(following);
    assert.equal(await userOf(following, 3), 'ann-of-lynn');
    assert.ok(await holds('lynn'));

    await publish(erase('ann-of-lynn'));
    await eventually('it is done', () => following.erasures.pending() === 0);
    assert.equal(await holds('lynn'), false);
    const users = await Promise.all([1, 2, 3, 4, 9].map((photo) => userOf(following, photo)));
    assert.deepEqual(users, [undefined, 'bob', 'bob', 'bob', undefined]);
    assert.equal((await records.get('', imageOf(3)))!.record.score, 2, 'what an expert said was of hers');
    const kept = await Promise.all([1, 2, 3].map((photo) => objects.has({ tenant: '', sha256: hashOf(photo) })));
    assert.deepEqual(kept, [false, true, true]);
    await following.close();
  });

  test('that happened while the scorer was away, or was cut short, is made up for at the start', async () => {
    const first = await open();
    await first.publish(scored(1, 'ann-of-lynn'), scored(2, 'bob'));
    await caughtUp(first);
    await first.projection.stop();
    const failed = first.publish(erase('ann-of-lynn'));
    await failed;
    await eventually('the journal is rewritten', () => first.journal.status().settledGeneration === 2);
    assert.equal(await userOf(first, 1), 'ann-of-lynn');
    await first.close();
    const second = await open();
    await eventually('she is out of the records', async () => (await userOf(second, 1)) === undefined);
    await caughtUp(second);
    assert.equal(await userOf(second, 2), 'bob');
    assert.equal(await holds('lynn'), false);
    await second.close();
  });

  test('spares what is on its way to the journal, and takes it when the journal refuses it', async () => {
    const waiting = scored(5, 'ann-of-lynn');
    const observeUnsent = (listener: UnsentListener) => {
      if (isWaiting) listener('', bytesOf(waiting));
      return () => undefined;
    };
    let isWaiting = true;
    const following = await open({ observeUnsent });
    await caughtUp(following);
    await following.records.put('', wordOf(5, 'ann-of-lynn', 3));
    await following.publish(viewed('eve'));
    await following.projection.forgetErased(AbortSignal.timeout(5_000));
    assert.equal(await userOf(following, 5), 'ann-of-lynn');
    isWaiting = false;
    await following.projection.refused('', bytesOf(waiting), new PalateError('OVERLOADED', 'not that'));
    assert.ok(following.projection.status.isClean);
    await following.projection.refused('', bytesOf(waiting), new PalateError('USER_ERASED', 'erased'));
    await eventually('it is gone', async () => (await userOf(following, 5)) === undefined);
    await caughtUp(following);
    await following.close();
    assert.equal(await holds('lynn'), false);
  });

  // A score is written behind its answer: refused at once, its event was over before the record was there, which stayed.
  test('takes out what was still on its way into the records when the journal refused it', async () => {
    let put = Promise.resolve<unknown>(undefined);
    const following = await open({ putsSettled: () => put.then(() => undefined) });
    await caughtUp(following);
    await following.publish(viewed('eve'));
    const hers = scored(6, 'ann-of-lynn');
    const isPut = Promise.withResolvers<void>();
    put = isPut.promise.then(() => following.records.put('', wordOf(6, 'ann-of-lynn', 3)));
    const told = following.projection.refused('', bytesOf(hers), new PalateError('USER_ERASED', 'erased'));
    isPut.resolve();
    await told;
    await eventually('it is gone', async () => (await userOf(following, 6)) === undefined);
    await caughtUp(following);
    await following.close();
    assert.equal(await holds('lynn'), false);
  });

  test('removes a photo in the end whose store fails at first', async () => {
    let isAway = true;
    const following = await open({
      async removePhoto(photo) {
        if (isAway) throw new PalateError('STORAGE_FAILED', 'the store is away');
        await following.objects.delete(photo);
      },
    });
    const photo = { tenant: '', sha256: hashOf(1) };
    await following.objects.put(photo, Buffer.from('hers'));
    await following.publish(viewed('eve'));
    await following.records.put('', wordOf(1, 'ann-of-lynn'));
    const forgotten = following.projection.forgetErased(AbortSignal.timeout(5_000));
    await assert.rejects(forgotten, { reason: 'STORAGE_FAILED' });
    assert.equal(await userOf(following, 1), 'ann-of-lynn');
    isAway = false;
    await eventually('the photo is gone', async () => !(await following.objects.has(photo)));
    await eventually('so is the record', async () => (await userOf(following, 1)) === undefined);
    await following.close();
  });

  test('spares what another scorer took down and tells the journal in a moment', async () => {
    const following = await open({ othersMillis: 300 });
    await caughtUp(following);
    await following.records.put('', { ...wordOf(5, 'bob', 3), scoredAtMicros: Date.now() * 1e3 });
    await following.records.put('', { ...wordOf(6, 'eve', 3), scoredAtMicros: (Date.now() - 5_000) * 1e3 });
    const forgotten = following.projection.forgetErased(AbortSignal.timeout(5_000));
    await following.records.put('', { ...wordOf(7, 'zoe', 3), scoredAtMicros: (Date.now() + 3_000) * 1e3 });
    await following.publish(scored(5, 'bob'));
    await forgotten;
    const users = await Promise.all([5, 6, 7].map((photo) => userOf(following, photo)));
    assert.deepEqual(users, ['bob', undefined, 'zoe'], 'told meanwhile, told by nobody, scored meanwhile');
    await following.close();
  });

  test('forgets after a crash what no event tells', async () => {
    const first = await open();
    await caughtUp(first);
    await first.publish(scored(1, 'bob'));
    await caughtUp(first);
    await first.records.put('', wordOf(2, 'ann', 3));
    await first.close();
    // Where it was closed before its first round was over, there is none.
    await rm(join(folder, 'scores', 'generation.json'), { force: true });
    const second = await open();
    await eventually('it is forgotten', async () => (await userOf(second, 2)) === undefined);
    assert.equal(await userOf(second, 1), 'bob');
    await second.close();
  });
});
