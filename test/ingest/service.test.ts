import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  Durability,
  IngestService,
  JournalState,
  PublishStreamRequestSchema,
  type SubscribeResponse,
} from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { openPalate, type Palate } from '../../src/index.ts';
import { event, eventBytes } from '../events/event-samples.ts';

let dataFolder: string;
let palate: Palate;

beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'palate-ingest-'));
  palate = await openPalate({ dataFolder });
});

afterEach(async () => {
  await palate.close();
  await rm(dataFolder, { recursive: true });
});

const viewed = (itemId: string) => event({ case: 'itemViewed', value: { itemId } });
const batch = (...itemIds: string[]) => ({ events: itemIds.map(viewed) });

async function* stream<T>(...values: T[]): AsyncGenerator<T> {
  yield* values;
}

function itemsOf({ records }: SubscribeResponse): (string | undefined)[] {
  return records.map(({ event: e }) => (e?.payload.case === 'itemViewed' ? e.payload.value.itemId : undefined));
}

describe('PublishStream', () => {
  test('acknowledges each batch, in order', async () => {
    const answers = await Array.fromAsync(palate.ingest.publishStream(stream(batch('a', 'b'), batch(), batch('c'))));
    assert.deepEqual(
      answers.map(({ firstSequence, lastSequence, accepted }) => [firstSequence, lastSequence, accepted]),
      [
        [1n, 2n, 2],
        [0n, 0n, 0],
        [3n, 3n, 1],
      ],
    );
  });

  test('takes batches as they lie on the wire, one with bad UTF-8 in an event too', async () => {
    const bad = eventBytes({ case: 'itemViewed', value: { itemId: 'x' } });
    bad[bad.length - 1] = 0xff;
    const good = eventBytes({ case: 'itemViewed', value: { itemId: 'y' } });
    const wire = Uint8Array.of(0x0a, bad.length, ...bad, 0x0a, good.length, ...good);
    const [answer] = await Array.fromAsync(palate.ingest.publishStream(stream(wire)));
    assert.equal(answer!.accepted, 1);
    assert.partialDeepStrictEqual(answer!.rejected, [{ index: 0, reason: 'EVENT_MALFORMED' }]);
  });

  test('ends with the error of a batch that cannot be walked, after what was acknowledged before it', async () => {
    const seen: bigint[] = [];
    await assert.rejects(
      async () => {
        const broken = Uint8Array.of(0x0a, 100, 1);
        const requests = stream(
          toBinary(PublishStreamRequestSchema, create(PublishStreamRequestSchema, batch('a'))),
          broken,
        );
        for await (const { lastSequence } of palate.ingest.publishStream(requests)) seen.push(lastSequence);
      },
      { reason: 'MALFORMED_MESSAGE' },
    );
    assert.deepEqual(seen, [1n]);
  });
});

describe('Subscribe', () => {
  test('reads from a sequence to the end', async () => {
    await palate.ingest.publish(batch('a', 'b', 'c'));
    const answers = await Array.fromAsync(palate.ingest.subscribe({ afterSequence: 1n, untilEnd: true }));
    assert.deepEqual(answers.flatMap(itemsOf), ['b', 'c']);
    assert.equal(answers.at(-1)!.throughSequence, 3n);
    assert.deepEqual(
      answers.flatMap(({ records }) => records.map(({ sequence }) => sequence)),
      [2n, 3n],
    );
  });

  test('follows what comes', async () => {
    const seen: (string | undefined)[] = [];
    for await (const answer of palate.ingest.subscribe({})) {
      seen.push(...itemsOf(answer));
      if (seen.length === 0) await palate.ingest.publish(batch('a'));
      else if (seen.length === 1) await palate.ingest.publish(batch('b'));
      else break;
    }
    assert.deepEqual(seen, ['a', 'b']);
  });

  test("shows a tenant its own records only, and moves on past others'", async () => {
    await palate.ingest.publish(batch('a'), { tenant: 'one' });
    await palate.ingest.publish(batch('b'), { tenant: 'two' });
    const answers = await Array.fromAsync(palate.ingest.subscribe({ untilEnd: true }, { tenant: 'one' }));
    assert.deepEqual(answers.flatMap(itemsOf), ['a']);
    assert.equal(answers.at(-1)!.throughSequence, 2n);
  });

  test('of an empty journal, to its end, is a heartbeat', async () => {
    const answers = await Array.fromAsync(palate.ingest.subscribe({ untilEnd: true }));
    assert.deepEqual(
      answers.map(({ records, throughSequence }) => [records.length, throughSequence]),
      [[0, 0n]],
    );
  });

  test('of all tenants names each record’s, the journal and its end', async () => {
    await palate.ingest.publish(batch('a'), { tenant: 'one' });
    await palate.ingest.publish(batch('b', 'c'));
    const request = { allTenants: true, untilEnd: true };
    const [answer] = await Array.fromAsync(palate.ingest.subscribe(request, { tenant: 'two' }));
    assert.deepEqual(itemsOf(answer!), ['a', 'b', 'c']);
    assert.deepEqual(
      answer!.records.map(({ tenant }) => tenant),
      ['one', '', ''],
    );
    assert.partialDeepStrictEqual(answer, { throughSequence: 3n, lastSequence: 3n, generation: 1n });
    assert.match(answer!.journalId, /^[0-9a-f]{16}$/);
  });

  test('from another journal than the one that is there is refused', async () => {
    const [{ journalId } = assert.fail()] = await Array.fromAsync(palate.ingest.subscribe({ untilEnd: true }));
    await Array.fromAsync(palate.ingest.subscribe({ untilEnd: true, journalId }));
    await assert.rejects(Array.fromAsync(palate.ingest.subscribe({ journalId: '0123456789abcdef' })), {
      reason: 'JOURNAL_CHANGED',
      metadata: { journal_id: journalId },
    });
  });

  test('from the future is refused', async () => {
    await assert.rejects(Array.fromAsync(palate.ingest.subscribe({ afterSequence: 99n })), {
      reason: 'SEQUENCE_UNAVAILABLE',
    });
  });
});

test('all tenants are shown only where it is configured', async (t) => {
  const open = async (settings: Record<string, string>) => {
    const folder = await mkdtemp(join(tmpdir(), 'palate-ingest-'));
    const other = await openPalate({ dataFolder: folder, settings });
    t.after(async () => {
      await other.close();
      await rm(folder, { recursive: true });
    });
    return Array.fromAsync(other.ingest.subscribe({ allTenants: true, untilEnd: true }));
  };
  const denied = { reason: 'FOLLOWERS_DENIED', code: 'PERMISSION_DENIED', message: /ingest\.followers/ };
  await assert.rejects(open({ 'ingest.followers': 'deny' }), denied);
  await assert.rejects(open({ host: '0.0.0.0' }), denied);
  await open({ host: '0.0.0.0', 'ingest.followers': 'allow' });
  await open({ host: '127.0.0.2' });
});

describe('GetJournalStatus', () => {
  test('of an empty journal', async () => {
    const status = await palate.ingest.getJournalStatus({});
    assert.partialDeepStrictEqual(status, {
      firstSequence: 0n,
      lastSequence: 0n,
      durability: Durability.DISK,
      state: JournalState.OPEN,
      duplicateWindow: 1_000_000n,
    });
    assert.equal(status.lastAppendedAt, undefined);
  });

  test('counts what is durable', async () => {
    await palate.ingest.publish(batch('a', 'b'));
    const status = await palate.ingest.getJournalStatus({});
    assert.deepEqual([status.firstSequence, status.lastSequence, status.pendingBytes], [1n, 2n, 0n]);
    assert.ok(status.sizeBytes > 0n);
  });
});

test('every method of the contract has a handler', async () => {
  assert.deepEqual(Object.keys(palate.ingest).toSorted(), Object.keys(IngestService.method).toSorted());
});
