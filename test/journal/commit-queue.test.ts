import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { packEvents } from '../../src/events/event-ranges.ts';
import type { DurableBatch } from '../../src/journal/journal.ts';
import { appended, batchOf, bytes, contents, folder, newDisk, noTrace, openOn, until } from './journals.ts';
import type { DiskCall } from './simulated-disk.ts';

const reason = (name: string) => ({ name: 'PalateError', reason: name });

test('no acknowledgement comes before the fdatasync of its bytes', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  const waits = Array.from({ length: 30 }, async (_, at) => {
    if (at % 3 === 0) await delay(at % 7);
    await journal.append(batchOf(`event-${at}.`)).durable;
    disk.seen.push({ call: 'ack', name: `event-${at}.` });
  });
  await Promise.all(waits);
  const { seen } = disk;
  for (let at = 0; at < 30; at++) {
    const text = `event-${at}.`;
    const written = seen.findIndex(({ call, bytes }) => call === 'write' && Buffer.from(bytes!).includes(text));
    const synced = seen.findIndex(({ call }, index) => call === 'datasync' && index > written);
    const acknowledged = seen.findIndex(({ call, name }) => call === 'ack' && name === text);
    assert.ok(
      written >= 0 && written < synced && synced < acknowledged,
      `${text}: ${written}, ${synced}, ${acknowledged}`,
    );
  }
  await journal.close();
});

test('a group is written only when the one before it is synced', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  const before = disk.seen.length;
  for (let round = 0; round < 10; round++) {
    journal.append(batchOf('x'));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await journal.close();
  const calls = disk.seen.slice(before).map(({ call }) => call);
  assert.match(calls.join(' '), /^(write datasync ?){3,}$/);
});

test('what is appended while a group is written goes together into the next', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  const groups: number[] = [];
  journal.onDurable((batches) => groups.push(batches.length));
  const first = journal.append(batchOf('a'));
  await until(() => disk.seen.some(({ bytes, position }) => bytes !== undefined && position === 96));
  const others = ['b', 'c', 'd'].map((text) => journal.append(batchOf(text)));
  await Promise.all([first, ...others].map(({ durable }) => durable));
  assert.deepEqual(groups, [1, 3]);
  assert.equal(await contents(journal), '1:a 2:b 3:c 4:d');
  await journal.close();
});

test('listeners see each durable batch, in order, before its promise resolves', async () => {
  const journal = await openOn(newDisk());
  const order: string[] = [];
  const seen: DurableBatch[] = [];
  const stop = journal.onDurable((batches) => {
    seen.push(...batches);
    order.push('listener');
  });
  const attachment = { decoded: true };
  const batch = { tenant: 'shop', trace: bytes('trace'), events: [bytes('a'), bytes('b')], attachment };
  const { durable, firstSequence, lastSequence, appendedAtMicros } = journal.append(batch);
  const alsoDurable = journal.durable(2).then(() => order.push('durable(2)'));
  await durable.then(() => order.push('durable'));
  await alsoDurable;
  assert.deepEqual(order, ['listener', 'durable', 'durable(2)']);
  const events = packEvents(batch.events);
  assert.deepEqual(seen, [{ ...batch, events, firstSequence, lastSequence, appendedAtMicros }]);
  assert.equal(seen[0]?.attachment, attachment);
  stop();
  await appended(journal, 'c');
  assert.equal(seen.length, 1);
  await journal.close();
});

test('a listener that throws is logged, and neither the others nor the journal notice', async () => {
  const errors: string[] = [];
  const log = { info: () => {}, warn: () => {}, error: (_: object, message: string) => errors.push(message) };
  const journal = await openOn(newDisk(), { log });
  let told = 0;
  journal.onDurable(() => {
    throw new Error('broken');
  });
  journal.onDurable(() => told++);
  await appended(journal, 'a');
  assert.deepEqual([errors, told], [['journal: a listener failed on a durable group'], 1]);
  await journal.close();
});

test('what would wait beyond the bound is refused at once, and taken when there is room', async () => {
  const journal = await openOn(newDisk(), { maxPendingBytes: 1_000 });
  const large = { tenant: '', trace: noTrace, events: [new Uint8Array(700)] };
  const { durable } = journal.append(large);
  assert.throws(() => journal.append(large), reason('OVERLOADED'));
  assert.throws(() => journal.append({ ...large, events: [new Uint8Array(2_000)] }), reason('BATCH_TOO_LARGE'));
  await durable;
  await journal.append(large).durable;
  assert.deepEqual([journal.status().pendingBytes, journal.status().durableSequence], [0, 2]);
  await journal.close();
});

test('names that do not fit the record are refused, and an empty batch is durable at once', async () => {
  const journal = await openOn(newDisk());
  assert.throws(() => journal.append({ ...batchOf('a'), tenant: 'ü' }), reason('INVALID_TENANT'));
  assert.throws(() => journal.append({ ...batchOf('a'), tenant: 'a'.repeat(256) }), reason('INVALID_TENANT'));
  assert.throws(() => journal.append({ ...batchOf('a'), trace: new Uint8Array(70_000) }), reason('BATCH_TOO_LARGE'));
  const { durable, ...nothing } = journal.append(batchOf());
  await durable;
  assert.deepEqual(nothing, { firstSequence: 0, lastSequence: 0, appendedAtMicros: 0 });
  await assert.rejects(journal.durable(1), reason('SEQUENCE_UNAVAILABLE'));
  await journal.close();
});

test('the append time never decreases, not over a restart either', async () => {
  const disk = newDisk();
  const times = [500, 400, 600];
  const first = await openOn(disk, { now: () => times.shift() ?? 100 });
  const seen = [1, 2, 3].map(() => first.append(batchOf('a')).appendedAtMicros);
  await first.close();
  const second = await openOn(disk, { now: () => 300 });
  seen.push(second.append(batchOf('b')).appendedAtMicros);
  await second.close();
  // The first call makes the segment's creation time.
  assert.deepEqual(seen, [400, 600, 600, 600]);
});

for (const call of ['write', 'datasync'] as const) {
  test(`a full disk at ${call}: the group is refused, nothing else is lost, and later appends succeed`, async () => {
    const disk = newDisk();
    const journal = await openOn(disk);
    await appended(journal, 'a');
    disk.failure = (each) => (each === call ? 'ENOSPC' : undefined);
    const refused = journal.append(batchOf('b', 'c'));
    await assert.rejects(refused.durable, reason('JOURNAL_FULL'));
    await assert.rejects(journal.durable(refused.lastSequence), reason('JOURNAL_FULL'));
    assert.equal(journal.status().state, 'full');
    assert.throws(() => journal.append(batchOf('d')), reason('JOURNAL_FULL'));
    disk.failure = () => undefined;
    await until(() => appends(journal, 'e'));
    await journal.durable(4);
    assert.deepEqual([journal.status().state, journal.status().segments], ['open', call === 'write' ? 1 : 2]);
    assert.equal(await contents(journal), '1:a 4:e');
    await assert.rejects(journal.durable(3), reason('JOURNAL_FULL'));
    await journal.close();
    const again = await openOn(disk.crash());
    assert.equal(await contents(again), '1:a 4:e');
    assert.equal(await appended(again, 'f'), 5);
    await again.close();
  });
}

for (const failing of [
  ['datasync', 'truncate'],
  ['write', 'truncate'],
] as const) {
  test(`a full disk where even the cut fails (${failing.join(', ')}): what was refused does not come back`, async () => {
    const disk = newDisk();
    const journal = await openOn(disk);
    await appended(journal, 'a');
    disk.failure = (call) => (failing.some((each) => each === call) ? 'ENOSPC' : undefined);
    await assert.rejects(journal.append(batchOf('refused')).durable, reason('JOURNAL_FULL'));
    disk.failure = () => undefined;
    await until(() => appends(journal, 'b'));
    await journal.durable(3);
    const [first] = disk.paths();
    disk.put(first!, Buffer.concat([disk.bytesOf(first!), Buffer.from('left by a failed write')]));
    await journal.close();
    const again = await openOn(disk.kill());
    assert.equal(await contents(again), '1:a 3:b');
    await again.close();
  });
}

function appends(journal: { append(batch: ReturnType<typeof batchOf>): unknown }, text: string): boolean {
  try {
    journal.append(batchOf(text));
    return true;
  } catch {
    return false;
  }
}

test('a disk that takes part of a write only: the part is cut off again', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, 'a');
  const path = disk.paths()[0]!;
  const before = disk.bytesOf(path);
  disk.capacity = before.length + 100;
  const large = { tenant: '', trace: noTrace, events: [new Uint8Array(500)] };
  await assert.rejects(journal.append(large).durable, reason('JOURNAL_FULL'));
  assert.deepEqual(disk.bytesOf(path), before);
  await journal.close();
});

test('no room for a new segment: the half-made one goes, and the next append makes it', async () => {
  const disk = newDisk();
  const journal = await openOn(disk, { segmentBytes: 200 });
  await appended(journal, 'a'.repeat(50));
  for (const call of ['open', 'rename', 'syncFolder'] as const satisfies DiskCall[]) {
    let once = true;
    disk.failure = (each) => {
      if (each !== call || !once) return undefined;
      once = false;
      return 'EDQUOT';
    };
    await until(() => appends(journal, 'b'.repeat(50)));
    await assert.rejects(journal.durable(journal.status().lastSequence), reason('JOURNAL_FULL'));
    assert.deepEqual(disk.paths().length, journal.status().segments);
  }
  await until(() => appends(journal, 'c'));
  await journal.durable(journal.status().lastSequence);
  await journal.close();
  const again = await openOn(disk.crash());
  assert.equal(await contents(again), `1:${'a'.repeat(50)} 5:c`);
  await again.close();
});

for (const call of ['write', 'datasync'] as const) {
  test(`an input/output error at ${call} ends the journal: nothing is tried again`, async () => {
    const disk = newDisk();
    const journal = await openOn(disk);
    await appended(journal, 'a');
    disk.failure = (each) => (each === call ? 'EIO' : undefined);
    const refused = journal.append(batchOf('b'));
    await until(() => disk.seen.length > 0);
    await assert.rejects(refused.durable, reason('JOURNAL_FAILED'));
    disk.failure = () => undefined;
    const calls = disk.seen.length;
    assert.throws(() => journal.append(batchOf('c')), reason('JOURNAL_FAILED'));
    await assert.rejects(journal.durable(2), reason('JOURNAL_FAILED'));
    assert.deepEqual([journal.status().state, journal.status().durableSequence], ['failed', 1]);
    assert.equal(await contents(journal), '1:a');
    await journal.close();
    assert.equal(disk.seen.length, calls);
  });
}

test('an append during the failing commit is refused with it', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  disk.failure = (each) => (each === 'datasync' ? 'EIO' : undefined);
  const first = journal.append(batchOf('a'));
  await until(() => disk.seen.some(({ position }) => position === 96));
  const second = journal.append(batchOf('b'));
  await assert.rejects(first.durable, reason('JOURNAL_FAILED'));
  await assert.rejects(second.durable, reason('JOURNAL_FAILED'));
  await journal.close();
});

test('an idle journal writes one commit marker, and none after it', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  await appended(journal, 'a');
  const { bytes: before } = journal.status();
  await until(() => journal.status().bytes > before);
  assert.equal(journal.status().bytes, before + 48);
  await journal.close();
  assert.equal(disk.bytesOf(`${folder}/0000000000000001-00000001.segment`).length, before + 48);
});

test("durability 'os' acknowledges without fdatasync, and closes with one", async () => {
  const disk = newDisk();
  const journal = await openOn(disk, { durability: 'os' });
  const before = disk.seen.length;
  await appended(journal, 'a');
  assert.deepEqual(
    disk.seen.slice(before).map(({ call }) => call),
    ['write'],
  );
  await journal.close();
  assert.deepEqual(
    disk.seen.slice(before).map(({ call }) => call),
    ['write', 'datasync', 'write', 'datasync'],
  );
  const again = await openOn(disk.crash());
  assert.equal(await contents(again), '1:a');
  await again.close();
});

test('closing makes durable what waits, and refuses the rest', async () => {
  const disk = newDisk();
  const journal = await openOn(disk);
  const last = journal.append(batchOf('a'));
  await Promise.all([journal.close(), journal.close()]);
  await last.durable;
  assert.throws(() => journal.append(batchOf('b')), reason('JOURNAL_CLOSED'));
  assert.equal(journal.status().state, 'closed');
  const again = await openOn(disk.crash());
  assert.equal(await contents(again), '1:a');
  await again.close();
});
