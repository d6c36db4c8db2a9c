import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { defaultFoldSettings } from '../../../src/recommendation/fold/settings.ts';
import { TallyThread } from '../../../src/recommendation/replay/tally-thread.ts';
import type { JournalFeed, StateFeedOptions } from '../../../src/recommendation/state-feed.ts';
import { silentLog } from '../../../src/rpc/log.ts';
import { feedOf, type OpenJournal, openTemporaryJournal } from '../journal-fixture.ts';
import { viewed, viewedBy } from '../tenant-fixture.ts';

let open: OpenJournal;
beforeEach(async () => {
  open = await openTemporaryJournal();
});
afterEach(() => open.close());

const many = (count: number) =>
  Array.from({ length: count }, (_, at) =>
    at % 3 === 0 ? viewedBy(`u${at % 20}`, `i${at % 37}`)[0]! : viewed(`s${at % 50}`, `i${at % 41}`)[0]!,
  );

const helped = (options: Partial<StateFeedOptions> = {}) => feedOf(open, { helpFromRecords: 1, ...options });
const digests = ({ state }: JournalFeed) => state.tenantNames().map((name) => digestOf(state.tenant(name)!));

/** What the journal says when nobody helps. */
async function alone(): Promise<readonly string[]> {
  const feed = feedOf(open);
  await feed.start();
  await feed.stop();
  return digests(feed);
}

/** The feed's journal in small blocks, with something done after each. */
function inSteps(afterBlock: (at: number) => unknown): Partial<StateFeedOptions> {
  const { journal } = open;
  return {
    journal: {
      status: () => journal.status(),
      onDurable: journal.onDurable,
      async *readBlocks(options) {
        let at = 0;
        for await (const block of journal.readBlocks({ ...options, maxRecords: 100 })) {
          yield block;
          await afterBlock(at++);
        }
      },
    },
  };
}

describe('a replay with a second thread', () => {
  it('ends with the same state, of each tenant, and goes on alone', async () => {
    await open.append(many(2_000));
    await open.append(many(300), 'two');
    // Of this one there is nothing to tally.
    await open.append([{ userId: 'ann', consentChanged: { personalised: true } }], 'three');
    await open.appendBytes(Uint8Array.of(255, 255));
    await open.journal.rewrite({ erase: ({ sequence }) => sequence % 7 === 0 });
    const feed = helped();
    await feed.start();
    assert.deepEqual([feed.state.isWhole, feed.status().unreadable, feed.status().lag], [true, 1, 0]);
    assert.deepEqual(digests(feed), await alone());
    await feed.reached(await open.append(many(50), 'two'));
    assert.deepEqual(digests(feed), await alone());
    await feed.stop();
  });

  it('takes in what becomes durable while it is under way', async () => {
    await open.append(many(1_000));
    const feed = helped(inSteps((at) => (at === 3 ? open.append(many(100)) : undefined)));
    await feed.start();
    assert.equal(feed.state.sequence, 1_100);
    assert.deepEqual(digests(feed), await alone());
    await feed.stop();
  });

  for (const lostAfter of [2, 9]) {
    it(`begins anew and alone where the thread is lost after block ${lostAfter} of 10`, async () => {
      await open.append(many(1_000));
      const warnings: string[] = [];
      const log = { ...silentLog, warn: (_: object, message: string) => warnings.push(message) };
      const lose = (at: number) => {
        const tallyLog = feed.state.tenant('')?.tallyLog;
        if (at !== lostAfter) return;
        tallyLog?.note(99, 0);
        tallyLog?.flush();
      };
      const feed = helped({ ...inSteps(lose), log });
      await feed.start();
      assert.deepEqual(warnings, ['the replay begins anew, without a second thread']);
      assert.deepEqual([feed.state.isWhole, feed.status().records], [true, 1_000]);
      assert.deepEqual(digests(feed), await alone());
      await feed.stop();
    });
  }

  it('stops in the middle', async () => {
    await open.append(many(1_000));
    let stopped: Promise<void> | undefined;
    const feed = helped(
      inSteps((at) => {
        if (at === 4) stopped = feed.stop();
      }),
    );
    await feed.start();
    await stopped;
    assert.ok(feed.state.sequence < 1_000, `it came to ${feed.state.sequence}`);
  });

  it('fails as without it where a newer version wrote an event', async () => {
    await open.append(many(100));
    // Field 9,999, a message of no bytes.
    await open.appendBytes(Uint8Array.of(0xfa, 0xf0, 0x04, 0x00));
    const feed = helped();
    await assert.rejects(feed.start(), { reason: 'JOURNAL_FORMAT' });
    await feed.stop();
  });
});

describe('the thread that keeps tallies', () => {
  it('keeps its writer from running ahead of it', async () => {
    const thread = new TallyThread(defaultFoldSettings);
    const log = thread.openLog('');
    for (let place = 0; place < 500_000; place++) log.note(1, place);
    await thread.room();
    const archive = (await thread.finish())('');
    assert.ok(archive?.isReading);
    await assert.rejects(thread.room(), { reason: 'WORKER_LOST' });
  });

  it('says so when it ends before its time', async () => {
    const thread = new TallyThread(defaultFoldSettings);
    const finished = thread.finish();
    await Promise.all([assert.rejects(finished, { reason: 'WORKER_LOST', code: 'UNAVAILABLE' }), thread.stop()]);
  });
});
