import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { PalateError } from '../../src/errors.ts';
import { type BulkOptions, publishAll } from '../../src/exchange/bulk-publisher.ts';
import { openPalate, type Palate } from '../../src/index.ts';
import { event } from '../events/event-samples.ts';

let dataFolder: string;
let palate: Palate;
before(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'palate-bulk-'));
  palate = await openPalate({ dataFolder });
});
after(async () => {
  await palate.close();
  await rm(dataFolder, { recursive: true });
});

const views = (count: number): Event[] =>
  Array.from({ length: count }, (_, index) => event({ case: 'itemViewed', value: { itemId: `item ${index}` } }));

async function* source(events: readonly Event[]): AsyncGenerator<Event> {
  yield* events;
}

const defaults = { batchEvents: 10, maxInFlight: 4, patienceMillis: 5_000 };
const upload = (events: AsyncIterable<Event>, options: Partial<BulkOptions> = {}) =>
  publishAll(events, { client: palate.ingest, ...defaults, ...options });

test('every event is acknowledged, and progress rises to the total', async () => {
  const seen: number[] = [];
  const totals = await upload(source(views(95)), { onProgress: ({ accepted }) => seen.push(accepted) });
  assert.deepEqual([totals.accepted, totals.duplicates, totals.rejected], [95, 0, 0]);
  assert.equal(seen.at(-1), 95);
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
});

test('nothing is nothing', async () => {
  const totals = await upload(source([]));
  assert.deepEqual([totals.accepted, totals.lastSequence], [0, 0n]);
});

test('a rejected event is named by its number in the source', async () => {
  const events = views(25);
  events[17] = event({ case: 'itemViewed', value: { itemId: '' } });
  const rejected: [number, string][] = [];
  const totals = await upload(source(events), { onRejected: ({ field }, number) => rejected.push([number, field]) });
  assert.deepEqual(rejected, [[18, 'item_viewed.item_id']]);
  assert.equal(totals.accepted, 24);
});

describe('when the stream breaks', () => {
  const gone = new PalateError('SHUTTING_DOWN', 'the server is stopping', { retryAfterMillis: 5 });

  /** The real service, but the stream ends with an error after so many answers, for so many times. */
  const breaking = (afterAnswers: number, times: number): BulkOptions['client'] => ({
    ...palate.ingest,
    async *publishStream(requests, options) {
      let answers = 0;
      const breaks = times-- > 0;
      for await (const answer of palate.ingest.publishStream(requests, options)) {
        if (breaks && answers++ === afterAnswers) throw gone;
        yield answer;
      }
    },
  });

  test('what was not acknowledged is sent again, and nothing is lost or doubled', async () => {
    const retries: string[] = [];
    const totals = await upload(source(views(200)), {
      client: breaking(3, 4),
      onRetry: (error) => retries.push(error.message),
    });
    assert.equal(totals.accepted + totals.duplicates, 200);
    assert.equal(retries.length, 4);
    const { items } = await palate.recommendation.getStateStatus({});
    assert.ok(items >= 200n);
  });

  test('patience ends', async () => {
    await assert.rejects(upload(source(views(50)), { client: breaking(0, 1_000), patienceMillis: 30 }), gone);
  });

  test('an error that no retry mends is thrown at once', async () => {
    const client = {
      ...palate.ingest,
      // biome-ignore lint/correctness/useYield: it fails before it has anything to yield
      async *publishStream(): AsyncGenerator<never> {
        throw new PalateError('BATCH_TOO_LARGE', 'too many');
      },
    };
    await assert.rejects(upload(source(views(5)), { client }), { reason: 'BATCH_TOO_LARGE' });
  });

  test('a source that fails is not retried', async () => {
    async function* broken(): AsyncGenerator<Event> {
      yield* views(15);
      throw new PalateError('INPUT_UNREADABLE', 'line 16');
    }
    await assert.rejects(upload(broken()), { message: 'line 16' });
  });
});
