import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createFollower } from '../../../src/journal/follower/follower.ts';
import { createRemoteReader } from '../../../src/journal/follower/remote-reader.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { beginWithSnapshot } from '../../../src/recommendation/following/begin-with-snapshot.ts';
import { FollowingFeed } from '../../../src/recommendation/following/following-feed.ts';
import { saveState } from '../../../src/recommendation/snapshots/save.ts';
import { silentLog } from '../../../src/rpc/log.ts';
import { serveJournal } from '../../journal/follower/served-journal.ts';
import { feedOf, type OpenJournal, openTemporaryJournal } from '../journal-fixture.ts';
import { freshState, viewed, viewedBy } from '../tenant-fixture.ts';

const many = (count: number) => Array.from({ length: count }, (_, at) => viewed(`s${at % 50}`, `i${at % 37}`)[0]!);

/** A journal of 300 records that a server shows, and a folder with a snapshot of its state. */
async function scene(t: TestContext) {
  const open = await openTemporaryJournal();
  const folder = await mkdtemp(join(tmpdir(), 'palate-following-'));
  await open.append([...viewedBy('anna', 'a'), ...many(299)]);
  await save(open, folder);
  const { grpc } = await serveJournal(t, open.journal);
  const reader = createRemoteReader(grpc);
  const skipped: unknown[] = [];
  const log = { ...silentLog, warn: (fields: { snapshot?: string }) => void skipped.push(fields.snapshot) };
  const feed = new FollowingFeed({
    follower: createFollower({ address: grpc, log: silentLog }),
    createState: freshState,
    maxLagEvents: 0,
    maxLagMillis: 5_000,
    log: silentLog,
    restore: (state, signal) => beginWithSnapshot(state, signal, { folder, journal: reader, log }),
  });
  t.after(async () => {
    await feed.stop();
    reader.close();
    await open.close();
    await rm(folder, { recursive: true });
  });
  return { open, folder, feed, skipped };
}

/** As the journal's owner writes it. */
async function save({ journal }: OpenJournal, folder: string): Promise<void> {
  const feed = feedOf({ journal } as OpenJournal);
  await feed.start();
  await feed.stop();
  const { journalId, generation, lastAppendedAtMicros: appendedAtMicros } = journal.status();
  const { sequence: records } = feed.state;
  await saveState(feed.state, { journalId, generation, appendedAtMicros, records }, folder, 5);
}

async function digestOfAll(open: OpenJournal): Promise<string> {
  const feed = feedOf(open);
  await feed.start();
  await feed.stop();
  return digestOf(feed.state.tenant('')!);
}

describe('a follower', () => {
  it('begins with a snapshot, its own or one copied from its owner, and comes to the same state', async (t) => {
    const { open, feed } = await scene(t);
    const last = await open.append(many(100));
    await feed.start();
    await feed.reached(last);
    const { records, replayedRecords } = feed.status();
    assert.deepEqual([records, replayedRecords], [400, 100]);
    assert.equal(digestOf(feed.state.tenant('')!), await digestOfAll(open));
  });

  it('begins with nothing, and deletes the snapshot, where records were erased since it was written', async (t) => {
    const { open, folder, feed } = await scene(t);
    await open.journal.rewrite({ erase: ({ sequence }) => sequence === 1 });
    await feed.start();
    assert.equal(feed.status().replayedRecords, 300);
    assert.deepEqual(await readdir(folder), []);
    assert.equal(feed.state.tenant('')!.people.numberOf({ userId: 'anna' }), undefined);
  });

  it('passes over a snapshot of another journal, and leaves it where it is', async (t) => {
    const { folder, feed, skipped } = await scene(t);
    const other = await openTemporaryJournal();
    t.after(() => other.close());
    await other.append(many(1_000));
    await save(other, folder);
    await feed.start();
    assert.equal(feed.status().replayedRecords, 0);
    assert.equal(feed.status().records, 300);
    assert.equal(skipped.length, 1);
    assert.equal((await readdir(folder)).length, 2);
  });
});
