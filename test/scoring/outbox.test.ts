import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { type IngestService, type JournalRecord, PublishRequestSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { isPalateError, PalateError } from '../../src/errors.ts';
import { newUuid } from '../../src/events/uuid.ts';
import { openPalate, type Palate } from '../../src/index.ts';
import type { Client } from '../../src/rpc/client/client.ts';
import { systemClock } from '../../src/scoring/batcher/clock.ts';
import { Outbox, type OutboxOptions } from '../../src/scoring/outbox.ts';
import { imageIdOf } from '../../src/scoring/stages/meal-event-id.ts';
import { mealReviewed, mealScored } from './meal-samples.ts';
import { recordingLog } from './recording-log.ts';

type Publish = Client<typeof IngestService>['publish'];

let folder: string;
let palate: Palate;
let tenants = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-outbox-'));
  palate = await openPalate({ dataFolder: folder });
});

after(async () => {
  await palate.close();
  await rm(folder, { recursive: true });
});

const backoff = { firstMillis: 1, longestMillis: 4 };
const patience = () => AbortSignal.timeout(5_000);

/** An outbox before the real service; `around` may come between them. */
function outbox(around: (publish: Publish) => Publish = (publish) => publish, options: Partial<OutboxOptions> = {}) {
  const { log, lines } = recordingLog();
  const client = { ...palate.ingest, publish: around(palate.ingest.publish) };
  const box = new Outbox({ clock: systemClock, client, log, backoff, ...options });
  return { box, lines, tenant: `tenant-${++tenants}` };
}

const scored = (count: number) => Array.from({ length: count }, () => mealScored({ imageId: newUuid() }));

async function journalled(tenant: string): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const answer of palate.ingest.subscribe({ untilEnd: true }, { tenant })) records.push(...answer.records);
  return records;
}

const imageIds = (events: readonly Event[]) => events.map(imageIdOf);

async function imagesIn(tenant: string): Promise<string[]> {
  return imageIds((await journalled(tenant)).map(({ event }) => event!));
}

/** Opens, once. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe('an outbox', () => {
  test('publishes in order, and tells each event its sequence', async () => {
    const { box, tenant } = outbox();
    const events = scored(50);
    const sequences = await Promise.all(events.map((event) => box.offer(tenant, event)));
    const records = await journalled(tenant);
    assert.deepEqual(
      records.map(({ sequence }) => sequence),
      sequences,
    );
    assert.deepEqual(await imagesIn(tenant), imageIds(events));
    assert.equal(box.places, 0);
  });

  test('sends what comes meanwhile in batches, bounded in events and bytes', async () => {
    const { opened, open } = gate();
    const batches: { events: number; bytes: number }[] = [];
    const held =
      (publish: Publish): Publish =>
      async (request, options) => {
        const bytes = request as Uint8Array;
        batches.push({ events: fromBinary(PublishRequestSchema, bytes).events.length, bytes: bytes.length });
        await opened;
        return await publish(request, options);
      };
    const { box, tenant } = outbox(held, { maxBatchEvents: 4, maxBatchBytes: 900 });
    const small = scored(6);
    const [large] = scored(1);
    const all = [...small, { ...large!, userId: 'u'.repeat(250) }, ...scored(3)];
    const offered = Promise.all(all.map((event) => box.offer(tenant, event)));
    open();
    await offered;
    assert.deepEqual(await imagesIn(tenant), imageIds(all));
    assert.deepEqual(
      batches.map(({ events }) => events),
      [4, 3, 3],
      'as many as may be, then as many bytes as may be',
    );
    // Besides the events, what a request has around each.
    assert.ok(batches.every(({ bytes }) => bytes <= 900 + 4 * 3));
  });

  test('knows an event again that was sent before', async () => {
    const { box, tenant } = outbox();
    const [event] = scored(1);
    assert.ok((await box.offer(tenant, event!)) > 0n);
    assert.equal(await box.offer(tenant, event!), 0n);
    const review = mealReviewed({ imageId: imageIds([event!])[0]!, score: 5 });
    assert.ok((await box.offer(tenant, review)) > 0n);
    assert.equal((await journalled(tenant)).length, 2);
  });

  test('refuses photos when all places are taken, and gives places back', async () => {
    const { opened, open } = gate();
    const held =
      (publish: Publish): Publish =>
      async (request, options) => {
        await opened;
        return await publish(request, options);
      };
    const { box, tenant } = outbox(held, { maxEvents: 3 });
    const places = [1, 2, 3].map(() => box.reserve());
    assert.throws(
      () => box.reserve(),
      (error) => isPalateError(error) && error.reason === 'OVERLOADED' && error.retryAfterMillis! > 0,
    );
    places[0]!.release();
    places[0]!.release();
    assert.equal(box.places, 2);
    const [event] = scored(1);
    const sent = places[1]!.send(tenant, event!);
    places[1]!.release();
    assert.throws(() => places[1]!.send(tenant, event!), { reason: 'INTERNAL' });
    assert.equal(box.places, 2, 'what is sent has its place until it is durable');
    open();
    await sent;
    places[2]!.release();
    assert.equal(box.places, 0);
  });
});

describe('when the journal does not take them', () => {
  test('sends again until it does, each event once, in order', async () => {
    let attempts = 0;
    const troubled =
      (publish: Publish): Publish =>
      async (request, options) => {
        attempts += 1;
        if (attempts % 4 === 1) throw new PalateError('OVERLOADED', 'full', { retryAfterMillis: 1 });
        if (attempts % 4 === 2) throw new Error('a fault of its own');
        const answer = await publish(request, options);
        // The acknowledgement is lost.
        if (attempts % 4 === 3) throw new PalateError('UNREACHABLE', 'gone');
        return answer;
      };
    const { box, tenant, lines } = outbox(troubled, { maxBatchEvents: 5 });
    const events = scored(20);
    await Promise.all(events.map((event) => box.offer(tenant, event)));
    assert.deepEqual(await imagesIn(tenant), imageIds(events));
    assert.ok(lines.length > 0 && lines.every(({ level }) => level === 'warn'));
  });

  test('one tenant does not keep another waiting', async () => {
    const { box, tenant } = outbox((publish) => async (request, options) => {
      if (options?.tenant === 'stuck') throw new PalateError('UNREACHABLE', 'gone');
      return await publish(request, options);
    });
    const [stuck, free] = scored(2);
    const waiting = box.offer('stuck', stuck!);
    assert.ok((await box.offer(tenant, free!)) > 0n);
    await box.drain(AbortSignal.abort());
    await assert.rejects(waiting, { reason: 'SHUTTING_DOWN' });
  });

  test('an event that is refused fails alone, and is in the log with its image', async () => {
    const { box, tenant, lines } = outbox();
    const [first, last] = scored(2);
    const bad = mealScored({ imageId: newUuid(), score: 9 });
    const offered = [first!, bad, last!].map((event) => box.offer(tenant, event));
    await assert.rejects(offered[1]!, { reason: 'EVENT_INVALID' });
    await Promise.all([offered[0], offered[2]]);
    assert.deepEqual(await imagesIn(tenant), imageIds([first!, last!]));
    assert.deepEqual(
      lines.map(({ level, fields }) => [level, fields['imageIds']]),
      [['error', imageIds([bad])]],
    );
    assert.equal(box.places, 0);
  });

  test('a batch that is refused for good fails whole', async () => {
    const { box, tenant, lines } = outbox(() => async () => {
      throw new PalateError('INVALID_TENANT', 'no');
    });
    const events = scored(2);
    const offered = events.map((event) => box.offer(tenant, event));
    for (const offer of offered) await assert.rejects(offer, { reason: 'INVALID_TENANT' });
    assert.deepEqual(
      lines.flatMap(({ fields }) => fields['imageIds']),
      imageIds(events),
    );
    assert.equal(box.places, 0);
  });

  test('nobody has to wait for what fails', async () => {
    const { box, tenant } = outbox();
    void box.offer(tenant, mealScored({ imageId: newUuid(), score: 9 }));
    await box.drain(patience());
    assert.equal(box.places, 0);
  });
});

describe('a drain', () => {
  test('sends what there is, hurries those who wait, and takes nothing after', async () => {
    let isUp = false;
    const { box, tenant } = outbox(
      (publish) => async (request, options) => {
        if (!isUp) throw new PalateError('UNREACHABLE', 'gone', { retryAfterMillis: 3_600_000 });
        return await publish(request, options);
      },
      { backoff: { firstMillis: 3_600_000, longestMillis: 3_600_000 } },
    );
    const events = scored(3);
    const offered = events.map((event) => box.offer(tenant, event));
    await new Promise((resolve) => setImmediate(resolve));
    isUp = true;
    await box.drain(patience());
    assert.ok((await Promise.all(offered)).every((sequence) => sequence > 0n));
    assert.throws(() => box.reserve(), { reason: 'SHUTTING_DOWN' });
  });

  test('ends with its signal, and names in the log what was not sent', async () => {
    const begun = gate();
    const { box, tenant, lines } = outbox(
      () => (_request, options) => {
        begun.open();
        return new Promise((_resolve, reject) =>
          options!.signal!.addEventListener('abort', () => reject(options!.signal!.reason)),
        );
      },
      { maxBatchEvents: 2 },
    );
    const events = scored(5);
    const offered = events.map((event) => box.offer(tenant, event));
    const late = box.reserve();
    await begun.opened;
    await box.drain(AbortSignal.timeout(20));
    for (const offer of offered) await assert.rejects(offer, { reason: 'SHUTTING_DOWN' });
    const [last] = scored(1);
    await assert.rejects(late.send(tenant, last!), { reason: 'SHUTTING_DOWN' });
    const named = lines.filter(({ level }) => level === 'error').flatMap(({ fields }) => fields['imageIds']);
    assert.deepEqual(named, imageIds([...events, last!]));
    assert.equal(box.places, 0);
  });
});
