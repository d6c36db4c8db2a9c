import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { PalateError } from '../../src/errors.ts';
import { groupHeaderBytes } from '../../src/journal/group.ts';
import type { FileReadOptions, JournalReader } from '../../src/journal/journal.ts';
import { openJournalForReading } from '../../src/journal/open-journal-for-reading.ts';
import { appended, batchOf, folder, newDisk, openOn } from './journals.ts';
import { randomFrom, type SimulatedDisk } from './simulated-disk.ts';

const reason = (name: string) => ({ name: 'PalateError', reason: name });
const readerOn = (disk: SimulatedDisk) => openJournalForReading({ folder, disk });
const firstSegment = `${folder}/0000000000000001-00000001.segment`;

async function contentsOf(reader: JournalReader, options: Partial<FileReadOptions> = {}): Promise<string> {
  const seen: string[] = [];
  for await (const records of reader.read({ afterSequence: 0, ...options })) {
    seen.push(...records.map(({ sequence, event }) => `${sequence}:${new TextDecoder().decode(event)}`));
  }
  return seen.join(' ');
}

test('a reader sees what is proven, and the last group only when it is asked for', async () => {
  const disk = newDisk();
  const journal = await openOn(disk, { segmentBytes: 300 });
  const reader = await readerOn(disk);
  assert.equal(await contentsOf(reader), '');
  assert.equal((await reader.status()).durableSequence, 0);
  await appended(journal, 'a');
  assert.equal(await contentsOf(reader), '');
  assert.equal(await contentsOf(reader, { includeUnproven: true }), '1:a');
  await appended(journal, 'b', 'c');
  assert.equal(await contentsOf(reader), '1:a');
  const { durableSequence, lastSequence, segments } = await reader.status();
  assert.deepEqual({ durableSequence, lastSequence, segments }, { durableSequence: 1, lastSequence: 3, segments: 1 });
  for (const text of ['d', 'e', 'f']) for (let at = 0; at < 4; at++) await appended(journal, text.repeat(20));
  const written = journal.status();
  await journal.close();
  const { journalId, firstSequence, lastAppendedAtMicros, generation } = await reader.status();
  assert.deepEqual(
    { journalId, firstSequence, lastAppendedAtMicros, generation },
    {
      journalId: written.journalId,
      firstSequence: 1,
      lastAppendedAtMicros: written.lastAppendedAtMicros,
      generation: 1,
    },
  );
  assert.ok((await reader.status()).segments > 3);
  assert.equal((await contentsOf(reader, { afterSequence: 2 })).split(' ').length, 13);
  assert.equal(await contentsOf(reader, { afterSequence: 15 }), '');
  await assert.rejects(contentsOf(reader, { afterSequence: 16 }), reason('SEQUENCE_UNAVAILABLE'));
});

test("with durability 'os' a group counts once it is written", async () => {
  const disk = newDisk();
  const journal = await openOn(disk, { durability: 'os' });
  await appended(journal, 'a');
  await appended(journal, 'b');
  assert.equal(await contentsOf(await readerOn(disk)), '1:a 2:b');
  await journal.close();
});

test('a reader changes nothing, and needs no lock', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, 'a', 'b');
  await journal.close();
  disk.put(`${folder}/0000000000000009-00000001.segment.new`, new Uint8Array(10));
  const before = [disk.paths(), disk.seen.length];
  await disk.lock(folder);
  assert.equal(await contentsOf(await readerOn(disk)), '1:a 2:b');
  assert.deepEqual([disk.paths(), disk.seen.length], before);
});

test('without a journal it says so', async () => {
  await assert.rejects(readerOn(newDisk()), reason('INPUT_UNREADABLE'));
  await assert.rejects(
    openJournalForReading({ folder: join(tmpdir(), 'palate-none-such') }),
    reason('INPUT_UNREADABLE'),
  );
});

test('a group that is half there is not given out; damage before a later group is reported', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, 'aa', 'bb');
  await appended(journal, 'cc', 'dd');
  await journal.close();
  const whole = disk.bytesOf(firstSegment);
  const torn = whole.subarray(0, whole.length - groupHeaderBytes - 5);
  const outcome = async (bytes: Uint8Array) => {
    disk.put(firstSegment, bytes);
    const reading = async () => contentsOf(await readerOn(disk), { includeUnproven: true });
    return reading().catch((error) => `${error.reason} at ${error.metadata?.offset}`);
  };
  assert.equal(await outcome(torn), '1:aa 2:bb');
  const property = fc.asyncProperty(
    fc.nat({ max: whole.length - groupHeaderBytes - 1 }),
    fc.integer({ min: 1, max: 255 }),
    async (at, mask) => {
      const changed = whole.slice();
      changed[at]! ^= mask;
      const found = await outcome(changed);
      assert.match(found, at < 96 ? /^JOURNAL_(CORRUPT|FORMAT)/ : /^JOURNAL_CORRUPT at \d+/, `at ${at}`);
    },
  );
  await fc.assert(property, { numRuns: 150 });
});

test('reading on a disk that loses power: everything given out is there after the restart', async () => {
  const property = fc.asyncProperty(fc.nat(), fc.nat({ max: 30 }), async (seed, calls) => {
    const random = randomFrom(seed);
    const disk = newDisk(seed);
    const journal = await openOn(disk, { segmentBytes: 3_000 });
    const reader = await readerOn(disk);
    disk.callsLeft = calls;
    let given = '';
    const writing = (async () => {
      while (journal.status().state === 'open') {
        await journal
          .append(batchOf(...Array.from({ length: 1 + Math.floor(random() * 4) }, () => 'x'.repeat(random() * 900))))
          .durable.catch(() => undefined);
      }
    })();
    while (journal.status().state === 'open') {
      given = await contentsOf(reader);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writing;
    const after = disk.crash();
    const again = await openOn(after);
    await again.close();
    const kept = await contentsOf(await readerOn(after));
    assert.ok(kept.startsWith(given), `${given.length} characters were given out, ${kept.length} are there`);
  });
  await fc.assert(property, { numRuns: 60 });
});

test('a second process reads while the first appends, rolls and is killed', async () => {
  const real = await mkdtemp(join(tmpdir(), 'palate-journal-'));
  const script = join(import.meta.dirname, 'writing-process.ts');
  const writer = spawn(process.execPath, [script, real, 'write'], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const acknowledged = countAcknowledged(writer);
    while (acknowledged.last === 0) await delay(5);
    const reader = await openJournalForReading({ folder: real });
    let through = 0;
    while (through < 8_000) {
      const floor = acknowledged.last;
      for await (const records of reader.read({ afterSequence: through })) {
        for (const { sequence, event } of records) {
          assert.equal(sequence, through + 1);
          assert.equal(Buffer.from(event).toString(), `event ${sequence} `.repeat(10));
          through = sequence;
        }
        if (through >= floor + 8_000) break;
      }
    }
    assert.ok((await reader.status()).segments > 1);
    writer.kill('SIGKILL');
    await once(writer, 'close');
    let last = 0;
    for await (const records of reader.read({ afterSequence: 0, includeUnproven: true }))
      last = records.at(-1)!.sequence;
    assert.ok(last >= acknowledged.last, `${acknowledged.last} was acknowledged, ${last} is the last`);
  } finally {
    writer.kill('SIGKILL');
    await rm(real, { recursive: true });
  }
});

test('a second process reads while the first erases and drops', async () => {
  const real = await mkdtemp(join(tmpdir(), 'palate-journal-'));
  const script = join(import.meta.dirname, 'writing-process.ts');
  const writer = spawn(process.execPath, [script, real, 'maintain'], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    let begun = 0;
    createInterface({ input: writer.stdout }).on('line', (line) => {
      if (line.startsWith('erasing')) begun++;
    });
    while (begun < 2) await delay(5);
    const reader = await openJournalForReading({ folder: real });
    let tombstones = 0;
    let dropped = 0;
    while (begun < 8) {
      let through = (await reader.status()).firstSequence - 1;
      try {
        for await (const records of reader.read({ afterSequence: through, maxRecords: 1_000 })) {
          for (const { sequence, kind, event } of records) {
            assert.equal(sequence, ++through);
            if (kind === 'event') assert.equal(Buffer.from(event).toString(), `event ${sequence} `.repeat(10));
            else tombstones++;
          }
        }
      } catch (error) {
        assert.equal(PalateError.from(error).reason, 'SEQUENCE_UNAVAILABLE', String(error));
        dropped++;
      }
    }
    assert.ok(
      tombstones > 0 && (await reader.status()).generation > 1,
      `${tombstones} tombstones, ${dropped} times too slow`,
    );
  } finally {
    writer.kill('SIGKILL');
    await once(writer, 'close');
    await rm(real, { recursive: true });
  }
});

function countAcknowledged(writer: ChildProcess): { last: number } {
  const acknowledged = { last: 0 };
  createInterface({ input: writer.stdout! }).on('line', (line) => {
    acknowledged.last = Math.max(acknowledged.last, Number(line));
  });
  return acknowledged;
}
