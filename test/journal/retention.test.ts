import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PalateError } from '../../src/errors.ts';
import { openJournalForReading } from '../../src/journal/open-journal-for-reading.ts';
import { appended, contents, folder, newDisk, openOn, readAll } from './journals.ts';
import { randomFrom } from './simulated-disk.ts';

const reason = (name: string) => ({ name: 'PalateError', reason: name });
const small = { segmentBytes: 300 };

/** Twelve events in several segments. */
async function written(disk = newDisk()) {
  const journal = await openOn(disk, small);
  for (let at = 1; at <= 12; at++) await appended(journal, `event ${at}`.repeat(3));
  return { journal, disk };
}

function bases(disk: { paths(): string[] }): number[] {
  return disk.paths().map((path) => Number(path.slice(folder.length + 1).split('-')[0]));
}

test('whole segments go, the first sequence rises, and reading below it is refused', async () => {
  const { journal, disk } = await written();
  const before = bases(disk);
  const { bytes, segments } = journal.status();
  const [, , third] = before as [number, number, number];
  assert.deepEqual(await journal.dropBefore(1), { segments: 0, bytes: 0 });
  const dropped = await journal.dropBefore(third + 1);
  assert.equal(dropped.segments, 2);
  assert.deepEqual(bases(disk), before.slice(2));
  const status = journal.status();
  assert.deepEqual([status.firstSequence, status.segments, status.bytes], [third, segments - 2, bytes - dropped.bytes]);
  assert.throws(() => journal.read({ afterSequence: third - 2 }), {
    ...reason('SEQUENCE_UNAVAILABLE'),
    message: `the journal holds sequences ${third} to 12; asked for those after ${third - 2}`,
  });
  assert.equal((await readAll(journal, third - 1)).length, 12 - third + 1);
  const reader = await openJournalForReading({ folder, disk });
  assert.equal((await reader.status()).firstSequence, third);
  assert.equal(await reader.lastUntil({ sequence: third - 1 }), 0);
  assert.equal(await reader.lastUntil({ sequence: third }), third);
  await assert.rejects(async () => {
    for await (const _ of reader.read({ afterSequence: 0 }));
  }, reason('SEQUENCE_UNAVAILABLE'));
  await journal.close();
  const again = await openOn(disk, small);
  assert.equal(again.status().firstSequence, third);
  assert.equal(await appended(again, 'next'), 13);
  assert.equal((await readAll(again, third - 1)).at(-1)?.sequence, 13);
  await again.close();
});

test('the segment that is written stays', async () => {
  const { journal, disk } = await written();
  const last = bases(disk).at(-1)!;
  await journal.dropBefore(Number.MAX_SAFE_INTEGER);
  assert.deepEqual(bases(disk), [last]);
  assert.equal(journal.status().firstSequence, last);
  assert.deepEqual(await journal.dropBefore(Number.NaN), { segments: 0, bytes: 0 });
  await journal.rewrite({ erase: () => true });
  await journal.dropBefore(13);
  assert.equal(journal.status().firstSequence, 13);
  assert.equal(await contents(journal, 12), '');
  await journal.close();
  const again = await openOn(disk, small);
  assert.deepEqual([again.status().firstSequence, again.status().lastSequence], [13, 12]);
  assert.equal(await appended(again, 'next'), 13);
  assert.equal(await contents(again, 12), '13:next');
  await again.close();
});

test('a reader whose place was dropped is told so, one further on does not notice', async () => {
  const { journal, disk } = await written();
  const third = bases(disk)[2]!;
  const slow = journal.read({ afterSequence: 0, maxRecords: 1 })[Symbol.asyncIterator]();
  const quick = journal.read({ afterSequence: third - 1, maxRecords: 1 })[Symbol.asyncIterator]();
  await slow.next();
  await quick.next();
  await journal.dropBefore(third);
  await assert.rejects(slow.next(), {
    ...reason('SEQUENCE_UNAVAILABLE'),
    message: `the journal begins at sequence ${third} by now; asked for those after 1`,
  });
  assert.equal((await quick.next()).value?.[0]?.sequence, third + 1);
  await quick.return?.();
  await journal.close();
});

test('a reader may stand in the gap that a failed group left before the first segment', async () => {
  const disk = newDisk();
  const journal = await openOn(disk, { segmentBytes: 150 });
  await appended(journal, 'a'.repeat(50));
  disk.failure = (call) => (call === 'datasync' ? 'ENOSPC' : undefined);
  await assert.rejects(appended(journal, 'lost'), reason('JOURNAL_FULL'));
  disk.failure = () => undefined;
  const deadline = performance.now() + 2_000;
  while (journal.status().state !== 'open' && performance.now() < deadline) {
    await appended(journal, 'c').catch(() => new Promise((resolve) => setTimeout(resolve, 20)));
  }
  const last = journal.status().lastSequence;
  await journal.dropBefore(last);
  assert.equal(journal.status().firstSequence, last);
  assert.equal(await contents(journal, 1), `${last}:c`);
  assert.throws(() => journal.read({ afterSequence: 0 }), reason('SEQUENCE_UNAVAILABLE'));
  await journal.close();
});

test('each file is gone for good before the next one is removed, an older generation first', async () => {
  const { journal, disk } = await written();
  const second = bases(disk)[1]!;
  disk.failure = (call) => (call === 'remove' ? 'EIO' : undefined);
  await assert.rejects(journal.rewrite({ erase: ({ sequence }) => sequence === 1 }), reason('JOURNAL_FAILED'));
  disk.failure = () => undefined;
  const from = disk.seen.length;
  await journal.dropBefore(second);
  assert.deepEqual(
    disk.seen.slice(from).map(({ call, name }) => `${call} ${name}`),
    [
      'remove 0000000000000001-00000001.segment',
      'syncFolder journal',
      'remove 0000000000000001-00000002.segment',
      'syncFolder journal',
    ],
  );
  await journal.close();
});

test('a crash at any call of dropping leaves a journal that begins no later than it should, and has all behind', async () => {
  const property = fc.asyncProperty(
    fc.nat(),
    fc.integer({ min: 1, max: 14 }),
    fc.nat({ max: 12 }),
    async (seed, sequence, calls) => {
      const random = randomFrom(seed);
      const { journal, disk } = await written(newDisk(seed));
      let acknowledged = 12;
      disk.callsLeft = calls;
      const dropping = journal.dropBefore(sequence).catch(() => undefined);
      while (random() < 0.7) {
        const append = () => appended(journal, 'more');
        acknowledged = Math.max(acknowledged, await append().catch(() => 0));
      }
      await dropping;
      const again = await openOn(disk.crash(), small).catch((error) => assert.fail(PalateError.from(error).message));
      const { firstSequence, lastSequence } = again.status();
      assert.ok(firstSequence <= Math.max(sequence, 1) && lastSequence >= acknowledged);
      const records = await readAll(again, firstSequence - 1);
      assert.deepEqual(
        records.map((record) => record.sequence),
        Array.from({ length: lastSequence - firstSequence + 1 }, (_, at) => firstSequence + at),
      );
      await again.close();
    },
  );
  await fc.assert(property, { numRuns: 100 });
});
