import assert from 'node:assert/strict';
import { open as openFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { ScanThread } from '../../../src/recommendation/replay/scan-thread.ts';
import { mostRecords } from '../../../src/recommendation/replay/scanned-block.ts';
import type { JournalFeed, StateFeedOptions } from '../../../src/recommendation/state-feed.ts';
import { silentLog } from '../../../src/rpc/log.ts';
import { event, samplePayloads } from '../../events/event-samples.ts';
import { feedOf, type OpenJournal, openTemporaryJournal } from '../journal-fixture.ts';
import { viewed, viewedBy } from '../tenant-fixture.ts';

let open: OpenJournal;
beforeEach(async () => {
  open = await openTemporaryJournal();
});
afterEach(() => open.close());

const helped = (options: Partial<StateFeedOptions> = {}) =>
  feedOf(open, { helpFromRecords: 1, folder: open.folder, ...options });
const digests = ({ state }: JournalFeed) => state.tenantNames().map((name) => digestOf(state.tenant(name)!));

async function digestsOf(feed: JournalFeed): Promise<readonly string[]> {
  await feed.start();
  await feed.stop();
  return digests(feed);
}

/** Keeps what is said of what went wrong. */
function warnings() {
  const said: string[] = [];
  return { said, log: { ...silentLog, warn: (_: object, message: string) => said.push(message) } };
}

const many = (count: number) =>
  Array.from({ length: count }, (_, at) =>
    at % 3 === 0 ? viewedBy(`u${at % 20}`, `i${at % 37}`)[0]! : viewed(`s${at % 50}`, `i${at % 41}`)[0]!,
  );
const samples = Object.values(samplePayloads).map((payload) =>
  toBinary(EventSchema, event(payload, { userId: 'ann', sessionId: 's' })),
);

describe('a replay that another thread reads and scans for', () => {
  it('ends with the same state, of each tenant, and goes on', async () => {
    await open.append(many(mostRecords + 700));
    await open.append(many(300), 'two');
    await open.appendBytes(...samples, Uint8Array.of(255, 255));
    await open.append(many(20), 'two');
    await open.journal.rewrite({ erase: ({ sequence }) => sequence % 7 === 0 && sequence <= mostRecords });
    const { said, log } = warnings();
    const feed = helped({ log });
    await feed.start();
    assert.deepEqual([feed.state.isWhole, feed.status().unreadable, feed.status().lag], [true, 1, 0]);
    assert.deepEqual(digests(feed), await digestsOf(feedOf(open)));
    await feed.reached(await open.append(many(50), 'two'));
    await feed.stop();
    assert.deepEqual(digests(feed), await digestsOf(feedOf(open)));
    assert.deepEqual(said, []);
  });

  it('takes what is longer than a block, and lists of the greatest length', async () => {
    const itemIds = Array.from({ length: 1_000 }, (_, at) => `i${at}`);
    await open.append([{ sessionId: 's', listViewed: { listId: 'l', itemIds } }, ...many(10)]);
    await open.append([{ itemUpserted: { itemId: 'i1', attributes: { description: 'x'.repeat(600_000) } } }]);
    await open.append(Array.from({ length: 500 }, () => ({ sessionId: 's', listViewed: { itemIds } })));
    assert.deepEqual(await digestsOf(helped()), await digestsOf(feedOf(open)));
  });

  it('ends with the same state whatever the events are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...samples), { minLength: 1, maxLength: 40 }), async (events) => {
        await open.appendBytes(...events);
        assert.deepEqual(await digestsOf(helped()), await digestsOf(feedOf(open)));
      }),
      { numRuns: 12 },
    );
  });

  it('begins anew and alone where the thread that keeps tallies is lost', async () => {
    await open.append(many(mostRecords * 3));
    const { said, log } = warnings();
    const feed = helped({ log });
    const started = feed.start();
    while (feed.state.tenant('')?.tallyLog === undefined) await new Promise(setImmediate);
    feed.state.tenant('')!.tallyLog!.note(99, 0);
    feed.state.tenant('')!.tallyLog!.flush();
    await started;
    await feed.stop();
    assert.deepEqual(said, ['the replay begins anew, without a second thread']);
    assert.deepEqual(digests(feed), await digestsOf(feedOf(open)));
  });

  it('fails as without it where a byte was flipped, and is read here where the thread is lost', async () => {
    await open.append(many(mostRecords * 2));
    // Damage in the last group looks like one that is being written.
    await open.append(many(10));
    const { said, log } = warnings();
    const lost = helped({ log, folder: `${open.folder}-of-another` });
    assert.deepEqual(await digestsOf(lost), await digestsOf(feedOf(open)));
    const [segment] = (await readdir(open.folder)).filter((name) => name.endsWith('.segment'));
    const file = await openFile(join(open.folder, segment!), 'r+');
    await file.write(Uint8Array.of(0x7f), 0, 1, 200_000);
    await file.close();
    const feed = helped({ log });
    await assert.rejects(feed.start(), { reason: 'JOURNAL_CORRUPT' });
    await feed.stop();
    const aloneAgain = 'the journal is replayed without a thread that reads it';
    assert.deepEqual(said, [aloneAgain, aloneAgain]);
  });

  it('stops in the middle', async () => {
    await open.append(many(mostRecords * 8));
    const feed = helped();
    const started = feed.start();
    while (feed.state.sequence === 0) await new Promise(setImmediate);
    await feed.stop();
    await started;
    assert.ok(feed.state.sequence < mostRecords * 8, `it came to ${feed.state.sequence}`);
  });
});

describe('the thread that scans', () => {
  it('reads through the sequence that it was given, and no further', async () => {
    await open.append(many(mostRecords + 90));
    await open.append(many(100));
    const thread = new ScanThread(open.folder, mostRecords + 40);
    let last = 0;
    for await (const block of thread.read()) last = block.sequence(block.length - 1);
    assert.equal(last, mostRecords + 40);
  });

  it('says so when it ends before its time', async () => {
    const thread = new ScanThread(`${open.folder}-of-another`, 1);
    await assert.rejects(thread.read().next(), { reason: 'WORKER_LOST', code: 'UNAVAILABLE' });
    await thread.stop();
  });
});
