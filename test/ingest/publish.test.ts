import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { PublishRequestSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { PalateError } from '../../src/errors.ts';
import { createBatchChecks } from '../../src/events/batch-check.ts';
import { nowMicros } from '../../src/events/timestamp.ts';
import { DuplicateRecall } from '../../src/ingest/duplicate-recall.ts';
import { createDuplicates, type Duplicates } from '../../src/ingest/duplicates.ts';
import { type Acknowledgement, createPublish, type Publish } from '../../src/ingest/publish.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { type EventInit, event, freshEventId } from '../events/event-samples.ts';

const check = createBatchChecks({ maxEventBytes: 65_536, maxFutureMicros: 600e6 });
const trace = new Uint8Array(0);

function publishInto(journal: Journal, duplicates: Duplicates, folded?: (sequence: number) => Promise<void>): Publish {
  return createPublish({ journal, duplicates, check, maxBatchEvents: 1_000, now: nowMicros, folded });
}

function batch(events: readonly EventInit[]): Uint8Array {
  const messages = events.map((init) => event({ case: 'itemViewed', value: { itemId: 'a' } }, init));
  return toBinary(PublishRequestSchema, create(PublishRequestSchema, { events: messages }));
}

const fresh = (count: number): EventInit[] => Array.from({ length: count }, () => ({ eventId: freshEventId() }));

describe('a batch', () => {
  let folder: string;
  let journal: Journal;
  let duplicates: Duplicates;
  let publish: (events: readonly EventInit[], tenant?: string) => Promise<Acknowledgement>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palate-publish-'));
    journal = await openJournal({ folder, durability: 'disk' });
    duplicates = createDuplicates(10_000);
    const take = publishInto(journal, duplicates);
    publish = (events, tenant = '') => take({ bytes: batch(events), tenant, trace });
  });

  after(async () => {
    await journal.close();
    await rm(folder, { recursive: true });
  });

  test('gets sequences from 1 on, in order', async () => {
    const first = await publish(fresh(3));
    const second = await publish(fresh(2));
    assert.deepEqual([first.firstSequence, first.lastSequence, first.accepted], [1n, 3n, 3]);
    assert.deepEqual([second.firstSequence, second.lastSequence, second.accepted], [4n, 5n, 2]);
  });

  test('delivered twice, is a duplicate with sequences 0', async () => {
    const events = fresh(3);
    await publish(events);
    const again = await publish(events);
    assert.deepEqual(again, { firstSequence: 0n, lastSequence: 0n, accepted: 0, duplicates: 3, rejected: [] });
  });

  test('with the same event twice, takes it once, whatever the case of its id', async () => {
    const eventId = 'ABCDEF00-0000-7000-8000-00000000000a';
    const answer = await publish([{ eventId }, { eventId: eventId.toLowerCase() }]);
    assert.deepEqual([answer.accepted, answer.duplicates], [1, 1]);
  });

  test('of another tenant, with the same ids, is new', async () => {
    const events = fresh(2);
    await publish(events);
    assert.equal((await publish(events, 'other')).accepted, 2);
  });

  test('with bad events in it, takes the good ones and names the bad ones by index', async () => {
    const answer = await publish([...fresh(1), { eventId: 'no uuid' }, ...fresh(1)]);
    assert.equal(answer.accepted, 2);
    assert.partialDeepStrictEqual(answer.rejected, [{ index: 1, reason: 'EVENT_INVALID', field: 'event_id' }]);
  });

  test('of nothing is answered with nothing', async () => {
    assert.deepEqual(await publish([]), {
      firstSequence: 0n,
      lastSequence: 0n,
      accepted: 0,
      duplicates: 0,
      rejected: [],
    });
  });

  test('that is too large is refused whole', async () => {
    await assert.rejects(publish(fresh(1_001)), { reason: 'BATCH_TOO_LARGE' });
  });

  test('is acknowledged after it was folded', async () => {
    const steps: string[] = [];
    const unsubscribe = journal.onDurable(() => steps.push('durable'));
    const take = publishInto(journal, duplicates, async () => {
      steps.push('folded');
    });
    await take({ bytes: batch(fresh(1)), tenant: '', trace });
    unsubscribe();
    assert.deepEqual(steps, ['durable', 'folded']);
  });

  test('of duplicates of events still on their way waits for those', async () => {
    const events = fresh(1);
    const durable: number[] = [];
    const unsubscribe = journal.onDurable((batches) =>
      durable.push(...batches.map(({ lastSequence }) => lastSequence)),
    );
    const first = publish(events);
    const second = publish(events).then(() => durable.length);
    assert.equal((await first).accepted, 1);
    assert.equal(await second, 1);
    unsubscribe();
  });
});

test('a batch that did not become durable leaves no ids behind: its retry is no duplicate', async () => {
  const full = new PalateError('JOURNAL_FULL', 'no room');
  const appended = { firstSequence: 1, lastSequence: 1, appendedAtMicros: 0 };
  let room = false;
  const journal = {
    append: () => ({ ...appended, durable: room ? Promise.resolve() : Promise.reject(full) }),
    status: () => ({ lastSequence: 1 }),
  } as unknown as Journal;
  const publish = publishInto(journal, createDuplicates(10));
  const bytes = batch(fresh(1));
  await assert.rejects(publish({ bytes, tenant: '', trace }), { reason: 'JOURNAL_FULL' });
  room = true;
  assert.equal((await publish({ bytes, tenant: '', trace })).accepted, 1);
});

test('duplicates are recognised after a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palate-restart-'));
  const events = fresh(5);
  const first = await openJournal({ folder, durability: 'disk' });
  await publishInto(first, createDuplicates(100))({ bytes: batch(events), tenant: 'shop', trace });
  await first.close();

  const second = await openJournal({ folder, durability: 'disk' });
  const duplicates = createDuplicates(100);
  await new DuplicateRecall(second, duplicates).start();
  const answer = await publishInto(second, duplicates)({ bytes: batch(events), tenant: 'shop', trace });
  assert.equal(answer.duplicates, 5);
  await second.close();
  await rm(folder, { recursive: true });
});
