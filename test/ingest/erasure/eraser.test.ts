import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { eventually } from '../../servers/palate-process.ts';
import { erase, makeFolder, openPublishing, type Publishing, viewed } from './publishing.ts';

let folder: string;
let remove: () => Promise<void>;
let open: Publishing;

beforeEach(async () => {
  ({ folder, remove } = await makeFolder());
});

afterEach(async () => {
  await open.close();
  await remove();
});

const users = Array.from({ length: 30 }, (_, at) => `user-${at}`);
const finished = () => eventually('all are erased', () => open.erasures.pending() === 0);

async function eventsLeft(): Promise<number> {
  const records = (await Array.fromAsync(open.journal.read({ afterSequence: 0 }))).flat();
  return records.filter(({ kind }) => kind === 'event').length;
}

describe('erasing', () => {
  test('takes those together who came while it was at it', async () => {
    open = await openPublishing(folder);
    await open.publish(...users.map(viewed));
    await Promise.all(users.map((userId) => open.publish(erase(userId))));
    await finished();
    assert.equal(await eventsLeft(), users.length);
    const { generation } = open.journal.status();
    assert.ok(generation < 10, `${generation - 1} rewrites for ${users.length}`);
  });

  test('is tried again when it fails, and is pending until then', async () => {
    let attempts = 0;
    const rebuildState = async () => {
      attempts += 1;
      assert.equal(open.erasures.pending(), 1);
      if (attempts < 3) throw new Error('not yet');
    };
    open = await openPublishing(folder, { copies: { rebuildState }, retryMillis: 5 });
    await open.publish(viewed('ann'), viewed('bob'), erase('ann'));
    await finished();
    assert.deepEqual([attempts, await eventsLeft()], [3, 2]);
  });

  test('goes on after a restart where it had not come to its end, before anything else', async () => {
    const begun = Promise.withResolvers<void>();
    const removeFiles = () => {
      begun.resolve();
      return Promise.reject(new Error('the disk is away'));
    };
    open = await openPublishing(folder, { copies: { removeFiles } });
    await open.publish(viewed('bob'), viewed('ann'));
    await open.publish(erase('ann'));
    await begun.promise;
    await open.close();
    const removed: number[] = [];
    let rebuilt = 0;
    const copies = {
      removeFiles: async (generation: number) => void removed.push(generation),
      rebuildState: async () => void rebuilt++,
    };
    open = await openPublishing(folder, { copies });
    assert.deepEqual([open.erasures.pending(), removed, rebuilt], [0, [2], 0]);
    assert.equal(await eventsLeft(), 2);
  });

  test('leaves the other copies where nothing was to be erased', async () => {
    const removed: number[] = [];
    const removeFiles = async (generation: number) => void removed.push(generation);
    open = await openPublishing(folder, { copies: { removeFiles } });
    await open.publish(viewed('bob'), erase('nobody'));
    await finished();
    assert.deepEqual(removed, []);
    await open.publish(erase('bob'));
    await finished();
    assert.deepEqual(removed, [2]);
  });

  test('ends with the server, and keeps nobody waiting for that', async () => {
    const begun = Promise.withResolvers<void>();
    const rebuildState = (_: readonly string[], __: number, signal: AbortSignal) => {
      begun.resolve();
      return new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    open = await openPublishing(folder, { copies: { rebuildState } });
    await open.publish(viewed('ann'), erase('ann'));
    await begun.promise;
  });
});
