import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PalateError } from '../../src/errors.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { JournalOptions } from '../../src/journal/open-journal.ts';
import { openJournalForReading } from '../../src/journal/open-journal-for-reading.ts';
import type { JournalRecord } from '../../src/journal/record.ts';
import { appended, batchOf, bytes, contents, folder, newDisk, noTrace, openOn, readAll, until } from './journals.ts';
import { randomFrom, type SimulatedDisk } from './simulated-disk.ts';

const reason = (name: string) => ({ name: 'PalateError', reason: name });
const secret = 'ada';
const textOf = ({ event }: JournalRecord) => new TextDecoder().decode(event);
const isOfAda = (record: JournalRecord) => textOf(record).includes(secret);
const small = { segmentBytes: 400 };

/** Is anything of the person left in any file? */
function holdsSecret(disk: SimulatedDisk): boolean {
  return disk.paths().some((path) => Buffer.from(disk.bytesOf(path)).includes(secret));
}

/** The first part of the name of the segment that holds a sequence. */
function baseOf(disk: SimulatedDisk, sequence: number): string {
  const bases = disk.paths().map((path) => path.slice(folder.length + 1).split('-')[0]!);
  return bases.findLast((base) => Number(base) <= sequence)!;
}

/** Twelve events in several segments, some of a person who will be erased. */
async function written(disk = newDisk(), options: Partial<JournalOptions> = {}): Promise<Journal> {
  const journal = await openOn(disk, { ...small, ...options });
  for (let at = 1; at <= 12; at++) {
    const name = at % 5 === 0 ? secret : 'bob';
    const batch = { tenant: 'shop', trace: bytes(`trace ${name} ${at}`), events: [bytes(`${name} ${at}`.repeat(4))] };
    await journal.append(batch).durable;
  }
  return journal;
}

test('erased records become tombstones, nothing of them is left in the folder, and the rest stays as it was', async () => {
  for (const durability of ['disk', 'os'] as const) {
    const disk = newDisk();
    const journal = await written(disk, { durability });
    const before = await readAll(journal);
    const segments = disk.paths();
    assert.ok(holdsSecret(disk));
    assert.deepEqual(await journal.rewrite({ erase: isOfAda }), { erased: 2, generation: 2 });
    assert.equal(holdsSecret(disk), false);
    const expected = before.map((record) =>
      isOfAda(record) ? { ...record, kind: 'tombstone', event: noTrace, trace: noTrace } : record,
    );
    assert.deepEqual(await readAll(journal), expected);
    assert.equal(journal.status().generation, 2);
    const untouched = disk.paths().filter((path) => segments.includes(path));
    assert.ok(untouched.length > 0 && untouched.length <= segments.length - 2, 'only segments with a match change');
    assert.equal(await appended(journal, 'next'), 13);
    const { bytes: size, segments: count } = journal.status();
    await journal.close();
    const again = await openOn(disk, small);
    assert.deepEqual((await readAll(again)).slice(0, 12), expected);
    assert.equal(await appended(again, 'more'), 14);
    assert.equal(again.status().generation, 2);
    assert.ok(again.status().bytes >= size && again.status().segments >= count);
    await again.close();
  }
});

test('where nothing is to be erased nothing changes', async () => {
  const disk = newDisk();
  const journal = await written(disk);
  const calls = disk.seen.length;
  assert.deepEqual(await journal.rewrite({ erase: () => false }), { erased: 0, generation: 1 });
  assert.equal(disk.seen.length, calls);
  await journal.rewrite({ erase: isOfAda });
  assert.deepEqual(await journal.rewrite({ erase: isOfAda }), { erased: 0, generation: 2 });
  await journal.close();
});

test('the generation rises with each rewrite, also with an empty last segment, and never falls', async () => {
  const disk = newDisk();
  const journal = await openOn(disk, small);
  await appended(journal, 'ada', 'bob', 'cid');
  for (const [at, name] of ['ada', 'bob'].entries()) {
    const erase = (record: JournalRecord) => textOf(record) === name;
    assert.deepEqual(await journal.rewrite({ erase }), { erased: 1, generation: at + 2 });
    assert.deepEqual(
      disk.paths().map((path) => path.slice(-12)),
      [`${at + 2}.segment`, `${at + 2}.segment`].map((end) => end.padStart(12, '0000')),
    );
  }
  assert.equal(await contents(journal), '1: 2: 3:cid');
  await appended(journal, 'dan');
  await journal.dropBefore(4);
  await journal.close();
  const again = await openOn(disk, small);
  assert.equal(again.status().generation, 3);
  assert.equal(await contents(again, 3), '4:dan');
  await again.close();
});

test('what was appended before the call is erased, durable or not yet', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, 'bob');
  journal.append(batchOf('ada', 'cid'));
  assert.equal((await journal.rewrite({ erase: isOfAda })).erased, 1);
  assert.equal(await contents(journal), '1:bob 2: 3:cid');
  await journal.close();
});

test('a new file is durable before its name is, and the name before the old file goes', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, 'ada', 'bob');
  await journal.close();
  const again = await openOn(disk);
  const from = disk.seen.length;
  await again.rewrite({ erase: isOfAda });
  const [old, anew] = ['0000000000000001-00000001.segment', '0000000000000001-00000002.segment'];
  const calls = disk.seen.slice(from).map(({ call, name }) => `${call} ${name}`);
  const relevant = calls.slice(calls.indexOf(`open ${anew}.new`));
  assert.deepEqual(relevant, [
    `open ${anew}.new`,
    `write ${anew}.new`,
    `write ${anew}.new`,
    `datasync ${anew}.new`,
    `rename ${anew}.new`,
    'syncFolder journal',
    `remove ${old}`,
    'syncFolder journal',
  ]);
  await again.close();
});

for (const segmentBytes of [400, 10_000]) {
  test(`a reader and a follower in the middle go on in the new files, segments of ${segmentBytes} bytes`, async () => {
    const disk = newDisk();
    const journal = await written(disk, { segmentBytes });
    const files = await openJournalForReading({ folder, disk });
    const readers = [
      journal.read({ afterSequence: 0, maxRecords: 1 }),
      journal.read({ afterSequence: 3, maxRecords: 1 }),
      files.read({ afterSequence: 0, maxRecords: 1 }),
    ].map((reading) => reading[Symbol.asyncIterator]());
    const seen = await Promise.all(readers.map(async (reader) => [...(await reader.next()).value]));
    const stop = new AbortController();
    const followed: JournalRecord[] = [];
    const following = (async () => {
      for await (const { records } of journal.follow({ afterSequence: 0, signal: stop.signal }))
        followed.push(...records);
    })();
    await until(() => followed.length === 12);
    await journal.rewrite({ erase: isOfAda });
    await appended(journal, 'after');
    await until(() => followed.length === 13);
    stop.abort();
    await following;
    for (const [at, reader] of readers.entries()) {
      for (let next = await reader.next(); !next.done; next = await reader.next()) seen[at]!.push(...next.value);
    }
    const sequences = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
    assert.deepEqual(
      seen.map((records) => records.map(({ sequence }: JournalRecord) => sequence)),
      [sequences(1, 13), sequences(4, 13), sequences(1, 12)],
    );
    for (const records of seen.slice(0, 2)) assert.equal(records.some(isOfAda), false);
    await journal.close();
  });
}

test('two rewrites at once run one after the other; closing and a signal end one', async () => {
  const disk = newDisk();
  const journal = await written(disk);
  const both = await Promise.all([
    journal.rewrite({ erase: isOfAda }),
    journal.rewrite({ erase: (record) => textOf(record).startsWith('bob 1b') }),
  ]);
  assert.deepEqual(both, [
    { erased: 2, generation: 2 },
    { erased: 1, generation: 3 },
  ]);
  const gone = new Error('gone');
  await assert.rejects(journal.rewrite({ erase: () => true, signal: AbortSignal.abort(gone) }), gone);
  await assert.rejects(journal.rewrite({ erase: () => true, signal: AbortSignal.abort() }), { name: 'AbortError' });
  const wrong = new TypeError('wrong');
  const erase = () => {
    throw wrong;
  };
  await assert.rejects(journal.rewrite({ erase }), wrong);
  const cut = assert.rejects(journal.rewrite({ erase: () => true }), reason('JOURNAL_CLOSED'));
  await journal.close();
  await cut;
  await assert.rejects(journal.rewrite({ erase: () => true }), reason('JOURNAL_CLOSED'));
  assert.deepEqual(
    disk.paths().filter((path) => !path.endsWith('.segment')),
    [],
  );
});

test('a full disk refuses the rewrite, leaves nothing behind, and the journal goes on', async () => {
  const disk = newDisk();
  const journal = await written(disk);
  const before = await contents(journal);
  const unfinished = `${baseOf(disk, 5)}-00000002.segment.new`;
  disk.failure = (call, name) => (call === 'write' && name === unfinished ? 'ENOSPC' : undefined);
  await assert.rejects(journal.rewrite({ erase: isOfAda }), reason('JOURNAL_FULL'));
  assert.deepEqual(
    disk.paths().filter((path) => path.endsWith('.new')),
    [],
  );
  assert.equal(await contents(journal), before);
  await appended(journal, 'on');
  disk.failure = () => undefined;
  assert.deepEqual(await journal.rewrite({ erase: isOfAda }), { erased: 2, generation: 3 });
  assert.equal(holdsSecret(disk), false);
  await journal.close();
});

test('a file that could not be removed, old or unfinished, goes with the next rewrite', async () => {
  for (const failing of ['remove', 'datasync']) {
    const disk = newDisk();
    const journal = await written(disk);
    const unfinishedName = `${baseOf(disk, 5)}-00000002.segment.new`;
    disk.failure = (call, name) => {
      const fails = call === 'remove' || (call === failing && name === unfinishedName);
      return fails ? 'EIO' : undefined;
    };
    await assert.rejects(journal.rewrite({ erase: isOfAda }), reason('JOURNAL_FAILED'));
    assert.ok(holdsSecret(disk));
    disk.failure = () => undefined;
    assert.equal(journal.status().state, 'open');
    await journal.rewrite({ erase: isOfAda });
    assert.equal(holdsSecret(disk), false);
    assert.equal(disk.paths().length, journal.status().segments);
    await journal.close();
  }
});

test('what a failed write left behind the end of a segment goes too', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, 'bob');
  disk.failure = (call) => (call === 'datasync' || call === 'truncate' ? 'ENOSPC' : undefined);
  await assert.rejects(appended(journal, 'ada is refused'), reason('JOURNAL_FULL'));
  disk.failure = () => undefined;
  while (journal.status().state === 'full') {
    await appended(journal, 'cid').catch(() => new Promise((resolve) => setTimeout(resolve, 20)));
  }
  assert.ok(holdsSecret(disk));
  await journal.rewrite({ erase: (record) => textOf(record) === 'cid' });
  assert.equal(holdsSecret(disk), false);
  assert.equal((await readAll(journal)).map(textOf).join(' '), 'bob ');
  await journal.close();
});

test('damage ends a rewrite before anything is lost, and a rewritten segment that was cut short is noticed', async () => {
  const disk = newDisk();
  const journal = await written(disk);
  await journal.close();
  const damaged = disk.kill();
  const [path] = damaged.paths() as [string];
  const copy = damaged.bytesOf(path);
  copy[copy.length - 1]! ^= 1;
  damaged.put(path, copy);
  const opened = await openOn(damaged, small);
  await assert.rejects(opened.rewrite({ erase: () => true }), reason('JOURNAL_CORRUPT'));
  await opened.close();
  assert.deepEqual(damaged.bytesOf(path), copy);

  const healthy = disk.kill();
  const whole = await openOn(healthy, small);
  await whole.rewrite({ erase: (record) => record.sequence === 1 });
  await whole.close();
  const cut = healthy.paths().find((each) => each.endsWith('-00000002.segment'))!;
  healthy.put(cut, healthy.bytesOf(cut).subarray(0, 96));
  const short = await openOn(healthy, small);
  await assert.rejects(readAll(short), reason('JOURNAL_CORRUPT'));
  await assert.rejects(short.rewrite({ erase: isOfAda }), reason('JOURNAL_CORRUPT'));
  await short.close();
});

test('a rewritten segment that lost its last group is not rewritten again', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, ...Array.from({ length: 600 }, (_, at) => `${at + 1}`));
  await journal.rewrite({ erase: ({ sequence }) => sequence === 1 });
  await journal.close();
  const [path] = disk.paths() as [string];
  disk.put(path, disk.bytesOf(path).subarray(0, -88 * 27 - 48));
  const again = await openOn(disk);
  await assert.rejects(again.rewrite({ erase: ({ sequence }) => sequence === 2 }), reason('JOURNAL_CORRUPT'));
  await again.close();
});

test('of a rewrite that was cut short the old file goes at the next start, unless the new one is damaged', async () => {
  const disk = newDisk();
  const journal = await written(disk);
  disk.failure = (call) => (call === 'remove' ? 'EIO' : undefined);
  await assert.rejects(journal.rewrite({ erase: isOfAda }));
  await journal.close();
  disk.failure = () => undefined;
  const warned: string[] = [];
  const log = { info: () => {}, warn: (_: object, message: string) => warned.push(message), error: () => {} };
  const after = disk.kill();
  const count = after.paths().length;
  const again = await openOn(after, { ...small, log });
  assert.deepEqual([warned.length, after.paths().length], [1, count - 1]);
  await again.close();

  const anew = `${folder}/${baseOf(disk, 5)}-00000002.segment`;
  for (const damage of [disk.bytesOf(anew).fill(1, 150), disk.bytesOf(anew).subarray(0, 96)]) {
    const damaged = disk.kill();
    damaged.put(anew, damage);
    await assert.rejects(openOn(damaged, small), reason('JOURNAL_CORRUPT'));
    assert.equal(damaged.paths().length, count);
  }
});

/** What was acknowledged, and what may have been erased when the power went. */
interface Model {
  readonly events: Map<number, string>;
  acknowledged: number;
  erasedUpTo: number;
}

async function append(journal: Journal, model: Model, random: () => number): Promise<void> {
  const texts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
    const name = random() < 0.3 ? secret : 'bob';
    return `${name} ${Math.floor(random() * 1e6)} ${'.'.repeat(random() * 120)}`;
  });
  const { firstSequence, lastSequence, durable } = journal.append(batchOf(...texts));
  for (const [at, text] of texts.entries()) model.events.set(firstSequence + at, text);
  await durable.then(
    () => {
      model.acknowledged = Math.max(model.acknowledged, lastSequence);
    },
    () => undefined,
  );
}

async function assertKept(journal: Journal, model: Model): Promise<void> {
  const records = await readAll(journal);
  assert.ok(records.length >= model.acknowledged, `${model.acknowledged} acknowledged, ${records.length} there`);
  for (const [at, record] of records.entries()) {
    assert.equal(record.sequence, at + 1);
    const text = model.events.get(record.sequence)!;
    const mayBeErased = text.includes(secret) && record.sequence <= model.erasedUpTo;
    if (record.kind === 'event' || !mayBeErased) assert.equal(textOf(record), text);
  }
  model.acknowledged = records.length;
}

async function reopened(disk: SimulatedDisk, random: () => number) {
  disk.callsLeft = Math.floor(random() * 8);
  try {
    const journal = await openOn(disk, small);
    disk.callsLeft = Number.POSITIVE_INFINITY;
    return { journal, disk };
  } catch (error) {
    assert.equal(PalateError.from(error).reason, 'JOURNAL_FAILED', String(error));
    const after = disk.crash();
    return { journal: await openOn(after, small), disk: after };
  }
}

test('a crash at any call of a rewrite under load loses nothing, and leaves each record or its tombstone', async () => {
  const property = fc.asyncProperty(fc.nat(), fc.nat({ max: 70 }), async (seed, calls) => {
    const random = randomFrom(seed);
    const model: Model = { events: new Map(), acknowledged: 0, erasedUpTo: 0 };
    let disk = newDisk(seed);
    let journal = await openOn(disk, small);
    for (let at = 0; at < 8; at++) await append(journal, model, random);
    for (let round = 0; round < 2; round++) {
      model.erasedUpTo = Number.POSITIVE_INFINITY;
      disk.callsLeft = Math.floor((calls * (round + 1)) / 2);
      const rewriting = journal.rewrite({ erase: isOfAda }).catch(() => undefined);
      const load = (async () => {
        for (let at = 0; at < 8 && journal.status().state === 'open'; at++) {
          await append(journal, model, random).catch(() => undefined);
        }
      })();
      await Promise.all([rewriting, load]);
      ({ journal, disk } = await reopened(disk.crash(), random));
      for (const sequence of model.events.keys()) {
        if (sequence > journal.status().lastSequence) model.events.delete(sequence);
      }
      await assertKept(journal, model);
    }
    await journal.rewrite({ erase: isOfAda });
    await journal.close();
    assert.equal(holdsSecret(disk), false);
    journal = await openOn(disk.crash(), small);
    await assertKept(journal, model);
    assert.equal((await readAll(journal)).some(isOfAda), false);
    await journal.close();
  });
  await fc.assert(property, { numRuns: 150 });
});
