/** An erasure from the call to the last byte, in a whole Palate. */

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Event } from '../../../gen/palate/event/v1/event_pb.ts';
import { openPalate, type Palate } from '../../../src/index.ts';
import { event, freshEventId } from '../../events/event-samples.ts';
import { eventually } from '../../servers/palate-process.ts';

let dataFolder: string;
let palate: Palate;

beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'palate-erasing-'));
  palate = await openPalate({ dataFolder });
});

afterEach(async () => {
  await palate.close();
  await rm(dataFolder, { recursive: true });
});

type Payload = Parameters<typeof event>[0];
interface Who {
  readonly userId?: string;
  readonly visitorId?: string;
  readonly sessionId?: string;
}

const occurredAt = { seconds: 1_760_000_000n, nanos: 0 };
const by = (who: Who, payload: Payload): Event => event(payload, { ...who, eventId: freshEventId(), occurredAt });
const viewed = (who: Who, itemId: string) => by(who, { case: 'itemViewed', value: { itemId } });
const erase = (userId: string) => by({ userId, visitorId: 'any', sessionId: 'any' }, erasure);
const erasure: Payload = { case: 'userErased', value: {} };

const ann = { userId: 'ann-7f3a', sessionId: 'session-ann-1' };
const bob = { userId: 'bob-11c2', sessionId: 'session-bob-1' };

/** Events of Ann in every way in which they can be hers, and of others. */
function someEvents(): Event[] {
  return [
    viewed(bob, 'apple'),
    viewed({ visitorId: 'phone-ann' }, 'bread'),
    viewed(ann, 'cheese'),
    by({ ...ann, visitorId: 'phone-ann' }, { case: 'identityMerged', value: {} }),
    viewed({ sessionId: ann.sessionId }, 'dates'),
    viewed({ visitorId: 'phone-ann', sessionId: 'session-ann-2' }, 'eggs'),
    viewed({ sessionId: 'session-ann-2' }, 'figs'),
    by(ann, { case: 'orderCompleted', value: { orderId: 'order-ann', lines: [{ itemId: 'apple' }] } }),
    by({}, { case: 'orderRefunded', value: { orderId: 'order-ann' } }),
    by(bob, { case: 'orderCompleted', value: { orderId: 'order-bob', lines: [{ itemId: 'bread' }] } }),
    by(bob, { case: 'orderRefunded', value: { orderId: 'order-bob' } }),
    viewed({ ...bob, visitorId: 'phone-ann' }, 'grapes'),
    viewed({ visitorId: 'tablet' }, 'ham'),
  ];
}

/** Places in `someEvents` of those that go with Ann. */
const anns = [1, 2, 3, 4, 5, 6, 7, 8];
const annsIds = ['ann-7f3a', 'session-ann-1', 'session-ann-2', 'order-ann'];

async function publish(...events: Event[]) {
  return palate.ingest.publish({ events });
}

const pending = async () => (await palate.ingest.getJournalStatus({})).pendingErasures;
const finished = () => eventually('the erasure is finished', async () => (await pending()) === 0);
const digest = async (of = palate) => (await of.recommendation.getStateStatus({ liveDigest: true })).digest;

/** Looks again where a file got another name in between: it must not go unseen. */
async function filesWith(text: string): Promise<string[]> {
  for (;;) {
    try {
      return await filesNowWith(text);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

async function filesNowWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(dataFolder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    if ((await readFile(join(entry.parentPath, entry.name))).includes(text)) found.push(entry.name);
  }
  return found;
}

async function reopen(): Promise<void> {
  await palate.close();
  palate = await openPalate({ dataFolder });
}

describe('UserErased', () => {
  test('leaves no byte of the ids, and tombstones in their places', async () => {
    await publish(...someEvents());
    for (const id of annsIds) assert.deepEqual(await filesWith(id), ['0000000000000001-00000001.segment'], id);
    const acknowledged = await publish(erase(ann.userId));
    assert.deepEqual([acknowledged.accepted, acknowledged.lastSequence], [1, 14n]);
    await finished();
    for (const id of [...annsIds, 'any']) assert.deepEqual(await filesWith(id), [], id);
    assert.equal((await filesWith('bob-11c2')).length, 1);
    const [answer] = await Array.fromAsync(palate.ingest.subscribe({ untilEnd: true }));
    const gone = answer!.records.filter((record) => record.event === undefined).map(({ sequence }) => Number(sequence));
    assert.deepEqual(
      gone,
      anns.map((at) => at + 1),
    );
    assert.equal(answer!.records.length, 14);
  });

  test('leaves the state of a journal that never had them', async () => {
    const events = someEvents();
    await publish(...events);
    await publish(erase(ann.userId));
    await finished();
    const folder = await mkdtemp(join(tmpdir(), 'palate-erasing-'));
    const other = await openPalate({ dataFolder: folder });
    await other.ingest.publish({ events: events.filter((_, at) => !anns.includes(at)) });
    await other.ingest.publish({ events: [erase('nobody')] });
    assert.equal(await digest(), await digest(other));
    await other.close();
    await rm(folder, { recursive: true });
    const live = await palate.recommendation.getStateStatus({});
    assert.equal(live.generation, 2n);
    await reopen();
    assert.deepEqual(await palate.recommendation.getStateStatus({}), live);
  });

  test('leaves none in snapshots, and the next one is of the state without them', async () => {
    await palate.close();
    palate = await openPalate({ dataFolder, settings: { 'recommendation.snapshots.everyEvents': '1' } });
    await publish(...someEvents());
    const inSnapshots = async (text: string) => (await filesWith(text)).filter((name) => name.endsWith('.snapshot'));
    await eventually('a snapshot has her', async () => (await inSnapshots(ann.userId)).length > 0);
    await publish(erase(ann.userId));
    await finished();
    for (const id of annsIds) assert.deepEqual(await filesWith(id), [], id);
    await publish(viewed(bob, 'apple'));
    await eventually('a snapshot has him', async () => (await inSnapshots(bob.userId)).length > 0);
    for (const id of annsIds) assert.deepEqual(await filesWith(id), [], id);
    const live = await digest();
    await reopen();
    assert.equal(await digest(), live);
  });

  test('masks at once: what is asked in the next moment knows nobody', async () => {
    await publish(...someEvents());
    const [, profile, visitors] = await Promise.all([
      publish(erase(ann.userId)),
      palate.recommendation.getProfile({ userId: ann.userId, minSequence: 14n }),
      palate.recommendation.getProfile({ visitorId: 'phone-ann', minSequence: 14n }),
    ]);
    await publish(viewed(bob, 'apple'));
    const after = await palate.recommendation.getProfile({ userId: ann.userId });
    assert.deepEqual([after.interactions, after.orders, after.userId], [[], [], '']);
    assert.deepEqual(
      [profile.userId, visitors.userId].filter((id) => id !== '' && id !== ann.userId),
      [],
    );
  });

  test('turns later deliveries away, by index, and after a restart too', async () => {
    await publish(...someEvents());
    const { accepted, rejected } = await publish(
      viewed(bob, 'a'),
      erase(ann.userId),
      viewed(ann, 'b'),
      viewed(bob, 'c'),
    );
    assert.equal(accepted, 3);
    assert.partialDeepStrictEqual(rejected, [{ index: 2, reason: 'USER_ERASED', field: 'user_id' }]);
    await finished();
    for (const restart of [false, true]) {
      if (restart) await reopen();
      const late = await publish(
        viewed({ visitorId: 'phone-ann' }, 'a'),
        viewed({ ...bob, visitorId: 'phone-ann' }, 'b'),
        event({ case: 'itemViewed', value: { itemId: 'a' } }, { eventId: 'none' }),
        viewed(ann, 'c'),
        viewed({ userId: 'phone-ann' }, 'd'),
      );
      assert.equal(late.accepted, 2);
      assert.deepEqual(
        late.rejected.map(({ index, reason, field }) => [index, reason, field]),
        [
          [0, 'USER_ERASED', 'visitor_id'],
          [2, 'EVENT_INVALID', 'event_id'],
          [3, 'USER_ERASED', 'user_id'],
        ],
      );
    }
    assert.deepEqual(await filesWith(ann.userId), []);
  });

  test('of somebody never seen, twice, or again by the same event is fine', async () => {
    await publish(viewed(bob, 'a'));
    const again = erase('nobody');
    assert.equal((await publish(again)).accepted, 1);
    assert.partialDeepStrictEqual(await publish(again), { accepted: 0, duplicates: 1, rejected: [] });
    assert.equal((await publish(erase('nobody'))).accepted, 1);
    await finished();
    assert.equal((await palate.ingest.getJournalStatus({})).generation, 1n);
    assert.equal((await publish(viewed({ userId: 'nobody' }, 'a'))).rejected[0]?.reason, 'USER_ERASED');
  });

  test('is of one tenant', async () => {
    await palate.ingest.publish({ events: [viewed(ann, 'a')] }, { tenant: 'one' });
    await palate.ingest.publish({ events: [viewed(ann, 'a')] }, { tenant: 'two' });
    await palate.ingest.publish({ events: [erase(ann.userId)] }, { tenant: 'one' });
    await finished();
    const inTwo = await palate.recommendation.getProfile({ userId: ann.userId }, { tenant: 'two' });
    assert.equal(inTwo.userId, ann.userId);
    const { accepted } = await palate.ingest.publish({ events: [viewed(ann, 'b')] }, { tenant: 'two' });
    assert.equal(accepted, 1);
  });

  test('is acknowledged in its place on a stream', async () => {
    async function* batches() {
      for (const events of [[viewed(ann, 'a')], [erase(ann.userId)], [viewed(ann, 'b')], [viewed(bob, 'c')]]) {
        yield { events };
      }
    }
    const answers = await Array.fromAsync(palate.ingest.publishStream(batches()));
    const reasons = answers.map(({ rejected }) => rejected.map(({ reason }) => reason));
    assert.deepEqual(reasons, [[], [], ['USER_ERASED'], []]);
    // The erasure waits for its note, and may come behind what was sent after it.
    assert.deepEqual(answers.map(({ lastSequence }) => Number(lastSequence)).sort(), [0, 1, 2, 3]);
  });
});
