import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { toJsonString } from '@bufbuild/protobuf';
import { sizeDelimitedEncode } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { microsOf } from '../../src/events/timestamp.ts';
import { type EventFileOptions, openEventFile } from '../../src/exchange/event-file.ts';
import { sampleEvent, samplePayloads } from '../events/event-samples.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-exchange-'));
});
after(() => rm(folder, { recursive: true }));

async function read(name: string, content: string | Uint8Array, options: EventFileOptions = {}): Promise<Event[]> {
  const path = join(folder, name);
  await writeFile(path, content);
  const file = await openEventFile(path, options);
  const events = await Array.fromAsync(file.events());
  assert.equal(file.readBytes(), file.sizeBytes);
  return events;
}

const samples = (Object.keys(samplePayloads) as (keyof typeof samplePayloads)[]).map(sampleEvent);

describe('formats', () => {
  test('JSON lines hold every type of event', async () => {
    const text = samples.map((event) => toJsonString(EventSchema, event)).join('\n');
    assert.deepEqual(await read('events.ndjson', text), samples);
    assert.deepEqual(await read('events.jsonl.gz', gzipSync(`${text}\n\n`)), samples);
  });

  test('delimited protobuf holds every type of event', async () => {
    const bytes = Buffer.concat(samples.map((event) => sizeDelimitedEncode(EventSchema, event)));
    assert.deepEqual(await read('events.binpb', bytes), samples);
    assert.deepEqual(await read('events.pb.gz', gzipSync(bytes)), samples);
  });

  test('a TSV of clicks is what Serenade publishes', async () => {
    const [first, second] = await read(
      'clicks.txt',
      'SessionId\tItemId\tTime\n10036\t14957\t1592337718.5\n7\t"8"\t1\n',
    );
    assert.equal(first!.sessionId, '10036');
    assert.deepEqual(first!.payload.case === 'itemViewed' && first!.payload.value.itemId, '14957');
    assert.equal(microsOf(first!.occurredAt!), 1_592_337_718_500_000);
    assert.deepEqual(second!.payload.case === 'itemViewed' && second!.payload.value.itemId, '"8"');
  });

  test('a CSV has quotes, a byte order mark, types and numbers', async () => {
    const csv = '\ufeffuserId,item_id,quantity,timestamp\nu1,"a, b",2.5,2026-01-01T00:00:00Z\n';
    const [event] = await read('carts.csv', csv, { type: 'cart_added' });
    assert.equal(event!.userId, 'u1');
    assert.ok(event!.payload.case === 'cartAdded');
    assert.deepEqual([event!.payload.value.itemId, event!.payload.value.quantity], ['a, b', 2.5]);
  });

  test('the same row has the same event id each time, another row another', async () => {
    const text = 'session_id,item_id\ns,a\ns,a\n';
    const ids = (await read('twice.csv', text)).map(({ eventId }) => eventId);
    assert.deepEqual(
      (await read('twice.csv', text)).map(({ eventId }) => eventId),
      ids,
    );
    assert.notEqual(ids[0], ids[1]);
    assert.match(ids[0]!, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('JSON lines survive any cut into chunks', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { maxLength: 5 }),
        async (ids) => {
          const events = ids.map((sessionId) => ({ ...samples[12]!, sessionId }));
          const text = events.map((event) => toJsonString(EventSchema, event)).join('\n');
          assert.deepEqual(
            (await read('cut.ndjson', text)).map(({ sessionId }) => sessionId),
            ids,
          );
        },
      ),
      { numRuns: 20 },
    ));
});

describe('what cannot be read names file, line and what to do', () => {
  const cases: readonly [string, string | Uint8Array, EventFileOptions, RegExp][] = [
    ['broken.ndjson', '{}\n{"itemViewed":', {}, /broken\.ndjson: line 2/],
    ['unknown.ndjson', '{"itemSeen": {}}', {}, /line 1: .*itemSeen/],
    ['columns.csv', 'session_id,color\n1,red\n', {}, /"color" is no field of item_viewed; .*item_id.*--skip-columns/],
    ['type.csv', 'item_id\n1\n', { type: 'item_seen' }, /no event type "item_seen"; there are .*item_viewed/],
    ['time.csv', 'item_id,time\n1,yesterday\n', {}, /line 2: "yesterday" is no time/],
    ['cut.binpb', Uint8Array.of(5, 1), {}, /cut\.binpb: event 1/],
    ['plain.gz', 'not gzip', { format: 'csv' }, /plain\.gz: /],
    ['strange.xyz', '', {}, /--format/],
    ['latin1.ndjson', Uint8Array.of(0x22, 0xe4, 0x22), {}, /latin1\.ndjson/],
  ];
  for (const [name, content, options, message] of cases) {
    test(name, () => assert.rejects(read(name, content, options), { reason: 'INPUT_UNREADABLE', message }));
  }

  test('a file that is not there', () =>
    assert.rejects(openEventFile(join(folder, 'none.csv'), {}), { reason: 'INPUT_UNREADABLE', message: /none\.csv/ }));

  test('a column can be passed over', async () => {
    const events = await read('skip.csv', 'item_id,color\n1,red\n', { skipColumns: ['color'] });
    assert.equal(events.length, 1);
  });
});
