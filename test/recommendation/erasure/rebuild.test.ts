import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fromBinary, type JsonObject } from '@bufbuild/protobuf';
import { EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import type { JournalRecord } from '../../../src/journal/record.ts';
import { isMasked, maskUser } from '../../../src/recommendation/erasure/masks.ts';
import { rebuildTenants } from '../../../src/recommendation/erasure/rebuild.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import type { JournalFeed } from '../../../src/recommendation/state-feed.ts';
import { feedOf, type OpenJournal, openTemporaryJournal } from '../journal-fixture.ts';
import { viewedBy } from '../tenant-fixture.ts';

let open: OpenJournal;
let feed: JournalFeed;
const { signal } = new AbortController();

beforeEach(async () => {
  open = await openTemporaryJournal();
  feed = feedOf(open);
  await feed.start();
});

afterEach(async () => {
  await feed.stop();
  await open.close();
});

const isOf = (userId: string) => (record: JournalRecord) => fromBinary(EventSchema, record.event).userId === userId;
const eventsOf = (userId: string, count: number): JsonObject[] =>
  viewedBy(userId, ...Array.from({ length: count }, (_, at) => `item-${at % 50}`));

async function replayedDigests(tenants: readonly string[]): Promise<string[]> {
  const replay = feedOf(open);
  await replay.start();
  const digests = tenants.map((tenant) => digestOf(replay.state.tenant(tenant)!));
  await replay.stop();
  return digests;
}

const digests = (tenants: readonly string[]) => tenants.map((tenant) => digestOf(feed.state.tenant(tenant)!));

describe('a rebuilt state', () => {
  test('is that of a replay, at the sequence where it was, with events coming in all the while', async () => {
    await open.append([...eventsOf('ann', 200), ...eventsOf('bob', 9_000)]);
    await open.append(eventsOf('ann', 20), 'other');
    let isOver = false;
    const coming = (async () => {
      while (!isOver) await open.append(eventsOf('bob', 50));
    })();
    const { erased, generation } = await open.journal.rewrite({
      erase: (record) => record.tenant === '' && isOf('ann')(record),
    });
    assert.equal(erased, 200);
    const other = feed.state.tenant('other');
    const before = feed.state.sequence;
    await rebuildTenants({ feed, journal: open.journal, tenants: [''], generation, signal });
    isOver = true;
    await coming;
    await feed.reached(open.journal.status().durableSequence);
    assert.ok(feed.state.sequence > before);
    assert.deepEqual(digests(['', 'other']), await replayedDigests(['', 'other']));
    assert.equal(feed.state.tenant('')?.people.numberOf({ userId: 'ann' }), undefined);
    assert.equal(feed.state.tenant('other'), other, 'a tenant without erasures is left as it is');
    assert.equal(feed.status().generation, 2);
  });

  test('has nobody masked any more, and no events from before the rewrite that waited in memory', async () => {
    await open.append([...eventsOf('bob', 10), ...eventsOf('ann', 10)]);
    await feed.reached(20);
    maskUser(feed.state.tenant(''), 'ann');
    const masked = feed.state.tenant('')!;
    assert.ok(isMasked(masked, masked.people.numberOf({ userId: 'ann' })!));
    // The feed stands still with these in its queue, while the journal loses them.
    let go = (): void => undefined;
    const still = feed.whileStill(() => new Promise((resolve) => (go = resolve)));
    await open.append(eventsOf('ann', 10));
    const { generation } = await open.journal.rewrite({ erase: isOf('ann') });
    const rebuilt = rebuildTenants({ feed, journal: open.journal, tenants: [''], generation, signal });
    go();
    await Promise.all([still, rebuilt]);
    assert.equal(feed.state.sequence, 30);
    assert.deepEqual(digests(['']), await replayedDigests(['']));
    assert.ok(
      [...feed.state.tenant('')!.people.ids()].every(({ person }) => !isMasked(feed.state.tenant('')!, person)),
    );
  });

  test('is not made where the state is of that generation', async () => {
    await open.append(eventsOf('bob', 10));
    const tenant = feed.state.tenant('');
    await rebuildTenants({ feed, journal: open.journal, tenants: [''], generation: 1, signal });
    assert.equal(feed.state.tenant(''), tenant);
  });

  test('is given up when the feed stops', async () => {
    await open.append(eventsOf('bob', 10));
    const still = feed.whileStill(() => new Promise((resolve) => setImmediate(resolve)));
    const rebuilt = rebuildTenants({ feed, journal: open.journal, tenants: [''], generation: 2, signal });
    const stopped = feed.stop();
    await assert.rejects(rebuilt, { reason: 'SHUTTING_DOWN' });
    await Promise.all([still, stopped]);
  });
});
