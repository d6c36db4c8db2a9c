import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FollowBatch } from '../../src/journal/journal.ts';
import { OffsetIndex } from '../../src/journal/offset-index.ts';
import { appended, batchOf, contents, newDisk, noTrace, openOn, readAll } from './journals.ts';

const reason = (name: string) => ({ name: 'PalateError', reason: name });

test('every record comes back with what it was appended with, from any place on, within the limits', async () => {
  const batch = fc.record({
    tenant: fc.constantFrom('', 'shop', 'cafe'),
    trace: fc.uint8Array({ maxLength: 60 }),
    events: fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }),
  });
  const property = fc.asyncProperty(
    fc.array(batch, { maxLength: 12 }),
    fc.record({ maxBytes: fc.integer({ min: 1, max: 2_000 }), maxRecords: fc.integer({ min: 1, max: 9 }) }),
    fc.nat({ max: 40 }),
    async (batches, limits, from) => {
      const journal = await openOn(newDisk(), { segmentBytes: 1_500 });
      const expected: object[] = [];
      for (const each of batches) {
        const { firstSequence, appendedAtMicros, durable } = journal.append(each);
        await durable;
        for (const [at, event] of each.events.entries()) {
          const { tenant, trace } = each;
          expected.push({ sequence: firstSequence + at, appendedAtMicros, tenant, trace, kind: 'event', event });
        }
      }
      const afterSequence = Math.min(from, expected.length);
      const seen: object[] = [];
      for await (const records of journal.read({ afterSequence, ...limits })) {
        const size = records.reduce(
          (bytes, { tenant, trace, event }) => bytes + 24 + tenant.length + trace.length + event.length,
          0,
        );
        assert.ok(records.length > 0 && records.length <= limits.maxRecords);
        assert.ok(records.length === 1 || size <= limits.maxBytes);
        seen.push(...records);
      }
      assert.deepEqual(seen, expected.slice(afterSequence));
      await journal.close();
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

test('a reader takes a group that is larger than its window in steps', async () => {
  const journal = await openOn(newDisk());
  const events = Array.from({ length: 50 }, (_, at) => new Uint8Array(100_000).fill(at));
  await journal.append({ tenant: '', trace: noTrace, events: [...events, new Uint8Array(3_000_000)] }).durable;
  const sizes: number[] = [];
  let at = 0;
  for await (const records of journal.read({ afterSequence: 0 })) {
    sizes.push(records.length);
    for (const { event } of records.slice(0, 50 - at)) assert.equal(event[99_999], at++);
  }
  assert.deepEqual(sizes, [10, 10, 10, 10, 10, 1]);
  await journal.close();
});

test('only what is durable is read, and a place outside the journal is refused', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, 'a', 'b');
  const pending = journal.append(batchOf('c'));
  assert.equal(await contents(journal), '1:a 2:b');
  await pending.durable;
  assert.equal(await contents(journal, 2), '3:c');
  assert.equal(await contents(journal, 3), '');
  for (const afterSequence of [4, -1, 0.5]) {
    assert.throws(() => journal.read({ afterSequence }), reason('SEQUENCE_UNAVAILABLE'));
  }
  disk.failure = (call) => (call === 'read' ? 'EIO' : undefined);
  await assert.rejects(readAll(journal), reason('JOURNAL_FAILED'));
  await journal.close();
});

test('following goes on over segments, beats while nothing comes, and stops with its signal', async () => {
  const journal = await openOn(newDisk(), { segmentBytes: 300 });
  await appended(journal, 'a');
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const batch of journal.follow({ afterSequence: 0, signal: stop.signal, heartbeatMillis: 20 })) {
      seen.push(describe(batch));
      const next = batch.throughSequence + 1;
      if (batch.records.length === 0 && next > 5) stop.abort();
      else if (batch.records.length === 0) await appended(journal, `${next}`.repeat(200));
    }
  })();
  await following;
  const expected = [1, 2, 3, 4, 5].flatMap((sequence) => [`${sequence} through ${sequence}`, ` through ${sequence}`]);
  assert.deepEqual(seen, expected);
  assert.ok(journal.status().segments > 2);
  await journal.close();
});

function describe({ records, throughSequence }: FollowBatch): string {
  return `${records.map(({ sequence }) => sequence).join(' ')} through ${throughSequence}`;
}

test('many followers at once see every record in order while it is written', async () => {
  const journal = await openOn(newDisk(), { segmentBytes: 2_000 });
  const total = 300;
  const follow = async () => {
    const seen: number[] = [];
    for await (const { records } of journal.follow({ afterSequence: 0 })) {
      seen.push(...records.map(({ sequence }) => sequence));
      if (seen.length === total) return seen;
    }
    return seen;
  };
  const followers = [follow(), follow(), follow()];
  for (let at = 0; at < total; at += 3) await appended(journal, 'a', 'b', 'c');
  const expected = Array.from({ length: total }, (_, at) => at + 1);
  for (const follower of followers) assert.deepEqual(await follower, expected);
  await journal.close();
});

test('following ends with the journal', async () => {
  const journal = await openOn(newDisk());
  await appended(journal, 'a');
  const following = (async () => {
    for await (const { records } of journal.follow({ afterSequence: 0 })) assert.equal(records.length, 1);
  })();
  const ended = assert.rejects(following, reason('JOURNAL_CLOSED'));
  await journal.close();
  await ended;
});

test('the index leads to a group at or before the place, and stays small', () => {
  const index = new OffsetIndex();
  assert.equal(index.offsetBefore(1), undefined);
  for (let group = 0; group < 10_000; group++) index.add(group * 10 + 1, 96 + group * 40_000);
  assert.ok(index.size <= 1_024);
  for (const sequence of [1, 2, 999, 50_000, 100_000]) {
    const offset = index.offsetBefore(sequence)!;
    const behind = 96 + Math.floor((sequence - 1) / 10) * 40_000 - offset;
    assert.ok(behind >= 0 && behind <= 16 * 40_000, `${sequence}: ${behind}`);
  }
});
