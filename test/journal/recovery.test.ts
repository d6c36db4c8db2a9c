import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPalateError } from '../../src/errors.ts';
import { groupHeaderBytes } from '../../src/journal/group.ts';
import { segmentHeaderBytes } from '../../src/journal/segment-header.ts';
import { appended, batchOf, contents, folder, newDisk, openOn, readAll } from './journals.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

const firstSegment = `${folder}/0000000000000001-00000001.segment`;
const recordBytes = (text: string) => 24 + text.length;

/** Three segments of several groups, closed. */
async function written(): Promise<SimulatedDisk> {
  const disk = newDisk();
  const journal = await openOn(disk, { segmentBytes: 600 });
  for (let at = 1; at <= 12; at++) await appended(journal, `event ${at}`, `and ${at}`);
  await journal.close();
  assert.equal(disk.paths().length, 3);
  return disk;
}

function changed(bytes: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  const copy = bytes.slice();
  change(copy);
  return copy;
}

function put(disk: SimulatedDisk, path: string, bytes: Uint8Array): SimulatedDisk {
  const after = disk.kill();
  after.put(path, bytes);
  return after;
}

/** Opens and reads everything: how it ends. */
async function outcome(disk: SimulatedDisk): Promise<string> {
  try {
    const journal = await openOn(disk);
    try {
      return await contents(journal);
    } finally {
      await journal.close();
    }
  } catch (error) {
    if (!isPalateError(error)) throw error;
    return `${error.reason}: ${error.message}`;
  }
}

test('a changed byte anywhere is reported, but in the last commit marker, where nothing is lost', async () => {
  const disk = await written();
  const whole = await outcome(disk.kill());
  const places = disk.paths().flatMap((path) => Array.from(disk.bytesOf(path), (_, offset) => ({ path, offset })));
  const lastMarker = places.length - groupHeaderBytes;
  const property = fc.asyncProperty(
    fc.nat({ max: places.length - 1 }),
    fc.integer({ min: 1, max: 255 }),
    async (at, mask) => {
      const { path, offset } = places[at]!;
      const damaged = put(
        disk,
        path,
        changed(disk.bytesOf(path), (bytes) => (bytes[offset]! ^= mask)),
      );
      const found = await outcome(damaged);
      if (at >= lastMarker) assert.equal(found, whole);
      else assert.match(found, /^JOURNAL_(CORRUPT|FORMAT): /, `${path} at ${offset}`);
    },
  );
  await fc.assert(property, { numRuns: 600 });
});

test('the report names segment, offset and sequence', async () => {
  const disk = await written();
  const group = groupHeaderBytes + recordBytes('event 1') + recordBytes('and 1');
  const offset = segmentHeaderBytes + group + groupHeaderBytes + recordBytes('event 2');
  const damaged = put(
    disk,
    firstSegment,
    changed(disk.bytesOf(firstSegment), (bytes) => (bytes[offset + 10]! ^= 1)),
  );
  assert.equal(
    await outcome(damaged),
    `JOURNAL_CORRUPT: segment 0000000000000001-00000001.segment, offset ${offset}, sequence 4: a record has a wrong checksum`,
  );
});

test('nothing before the damage is withheld, and nothing after it is given out', async () => {
  const disk = await written();
  const bytes = disk.bytesOf(firstSegment);
  const damaged = put(
    disk,
    firstSegment,
    changed(bytes, (copy) => (copy[copy.length - 1]! ^= 1)),
  );
  const journal = await openOn(damaged);
  const seen: number[] = [];
  const reading = async () => {
    for await (const records of journal.read({ afterSequence: 0, maxRecords: 1 })) seen.push(records[0]!.sequence);
  };
  await assert.rejects(reading, { reason: 'JOURNAL_CORRUPT' });
  const second = await readAll(journal, seen.at(-1)! + 1);
  assert.equal(second[0]?.sequence, seen.at(-1)! + 2);
  await journal.close();
});

test('a missing, shortened, renamed or foreign segment is reported', async () => {
  const disk = await written();
  const [first, second, third] = disk.paths() as [string, string, string];
  const without = disk.kill();
  await without.remove(second);
  assert.match(await outcome(without), /^JOURNAL_CORRUPT: .*the segment before this one is missing/);
  const short = put(disk, second, disk.bytesOf(second).subarray(0, -1));
  assert.match(await outcome(short), /^JOURNAL_CORRUPT: .*the file ends before its end/);
  const renamed = put(disk, `${folder}/0000000000009999-00000001.segment`, disk.bytesOf(third));
  assert.match(await outcome(renamed), /^JOURNAL_CORRUPT: .*belongs to another segment/);
  const foreign = put(await written(), first, disk.bytesOf(first));
  assert.match(await outcome(foreign), /^JOURNAL_CORRUPT: .*belongs to another journal/);
});

test('a newer format is not touched', async () => {
  const disk = await written();
  const newer = put(
    disk,
    firstSegment,
    changed(disk.bytesOf(firstSegment), (bytes) => (bytes[8] = 2)),
  );
  assert.match(await outcome(newer), /^JOURNAL_FORMAT: .*format version 2; this version of Palate reads up to 1/);
});

test('a torn tail is cut after its last whole record, and the cut is logged', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, 'a', 'b');
  journal.append(batchOf('cc', 'dd', 'ee'));
  await journal.durable(5);
  const bytes = disk.bytesOf(firstSegment);
  for (const [cut, kept, left] of [
    [1, '1:a 2:b 3:cc 4:dd', 25],
    [recordBytes('ee'), '1:a 2:b 3:cc 4:dd', 0],
    [recordBytes('ee') + 1, '1:a 2:b 3:cc', 25],
    [3 * recordBytes('ee') + 1, '1:a 2:b', 47],
  ] as const) {
    const warned: object[] = [];
    const log = { info: () => {}, warn: (fields: object) => warned.push(fields), error: () => {} };
    const torn = put(disk, firstSegment, bytes.subarray(0, -cut));
    const again = await openOn(torn, { log });
    assert.equal(await contents(again), kept);
    const offset = bytes.length - cut - left;
    const logged = { segment: '0000000000000001-00000001.segment', offset, bytes: left };
    assert.deepEqual(warned, left === 0 ? [] : [logged]);
    assert.equal(await appended(again, 'next'), kept.split(' ').length + 1);
    await again.close();
    assert.equal(await outcome(torn.crash()), `${kept} ${kept.split(' ').length + 1}:next`);
  }
});

test('bytes in an event cannot pass for a group', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, 'a');
  const group = disk.bytesOf(firstSegment).slice(segmentHeaderBytes);
  await journal.close();
  // Another journal's group, whole and valid there, inside an event of this one, at the end of a torn tail.
  const other = newDisk();
  const victim = await openOn(other);
  await victim.append({ tenant: '', trace: new Uint8Array(0), events: [group, group] }).durable;
  const torn = put(
    other,
    firstSegment,
    changed(other.bytesOf(firstSegment), (bytes) => (bytes[segmentHeaderBytes + 60]! ^= 1)),
  );
  assert.equal(await outcome(torn), '');
});

test('a segment that was never finished is removed, other files are left alone', async () => {
  const disk = await written();
  const whole = await outcome(disk.kill());
  const after = put(disk, `${folder}/0000000000009999-00000001.segment.new`, new Uint8Array(10));
  after.put(`${folder}/notes.txt.new`, new Uint8Array(1));
  assert.equal(await outcome(after), whole);
  assert.deepEqual(after.paths(), [...disk.paths(), `${folder}/notes.txt.new`]);
});

test('what a failed fdatasync left is written again before it counts', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, 'a');
  disk.failure = (call) => (call === 'datasync' ? 'EIO' : undefined);
  await assert.rejects(journal.append(batchOf('b')).durable, { reason: 'JOURNAL_FAILED' });
  await journal.close();
  const after = disk.kill();
  const again = await openOn(after);
  const calls = after.seen.map(({ call, position }) => `${call}${position === undefined ? '' : ` ${position}`}`);
  const start = segmentHeaderBytes + groupHeaderBytes + recordBytes('a');
  assert.deepEqual(calls, ['truncate', `write ${start}`, 'datasync']);
  assert.equal(await contents(again), '1:a 2:b');
  await again.close();
});
