import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Archive } from '../../../src/recommendation/fold/archive.ts';
import type { SnapshotHeader } from '../../../src/recommendation/snapshots/format.ts';
import { readSnapshot, readSnapshotHeader } from '../../../src/recommendation/snapshots/read-snapshot.ts';
import {
  listSnapshots,
  pruneSnapshots,
  removeSnapshots,
  snapshotName,
} from '../../../src/recommendation/snapshots/snapshot-folder.ts';
import { writeSnapshot } from '../../../src/recommendation/snapshots/write-snapshot.ts';

const header: SnapshotHeader = {
  journalId: '0123456789abcdef',
  generation: 3,
  sequence: 1_234_567_890_123,
  appendedAtMicros: 1_700_000_000_000_000,
  records: 99,
  foldVersion: 5,
  settings: 'ab'.repeat(32),
};

/** Sections of odd lengths, one without a byte, and one that is larger than what is read at a time. */
function persist(archive: Archive): void {
  archive.ints('ints', Int32Array.of(1, -2, 3, 4), 3);
  archive.part('deep').floats('floats', Float64Array.of(1.5, Number.NaN), 2);
  archive.bytes('none', new Uint8Array(4), 0);
  archive.bytes('large', new Uint8Array(1_300_000).fill(7), 1_300_000);
  archive.records(
    'records',
    (out) => {
      out.text('\u20ac');
      out.bigint(-(2n ** 63n));
    },
    () => undefined,
  );
}

describe('a snapshot file', () => {
  let folder: string;
  let path: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palate-snapshot-'));
    path = join(folder, snapshotName(5, 1));
  });
  after(() => rm(folder, { recursive: true }));

  it('gives back what was written, and is the same bytes each time', async () => {
    const bytes = writeSnapshot(path, header, persist);
    const first = await readFile(path);
    assert.equal(first.length, bytes);
    assert.deepEqual(await readdir(folder), [snapshotName(5, 1)]);
    const read = await readSnapshot(path);
    assert.deepEqual(read.header, header);
    assert.deepEqual(await readSnapshotHeader(path), header);
    assert.deepEqual(
      [...read.sections].map(([name, { content }]) => [name, content.byteLength]),
      [
        ['ints', 12],
        ['deep/floats', 16],
        ['none', 0],
        ['large', 1_300_000],
        ['records.numbers', 16],
        ['records.lengths', 4],
        ['records.texts', 3],
      ],
    );
    assert.deepEqual(new Int32Array(read.sections.get('ints')!.content), Int32Array.of(1, -2, 3));
    writeSnapshot(path, header, persist);
    assert.deepEqual(await readFile(path), first);
  });

  it('tells of any byte that is not as it was', async () => {
    const small = (archive: Archive) => {
      archive.ints('ints', Int32Array.of(1, -2, 3), 3);
      archive.bytes('bytes', Uint8Array.of(1, 2, 3), 3);
    };
    const bytes = writeSnapshot(path, header, small);
    const good = await readFile(path);
    const broken = join(folder, 'broken');
    for (let at = 0; at < bytes; at++) {
      const bad = Buffer.from(good);
      bad[at] = bad[at]! ^ (1 << (at % 8));
      await writeFile(broken, bad);
      await assert.rejects(readSnapshot(broken), { reason: 'SNAPSHOT_UNUSABLE', message: /broken/ }, `byte ${at}`);
    }
  });

  it('names the section that is damaged', async () => {
    writeSnapshot(path, header, persist);
    const bytes = await readFile(path);
    bytes[bytes.length - 700_000]! ^= 4;
    await writeFile(join(folder, 'broken'), bytes);
    await assert.rejects(readSnapshot(join(folder, 'broken')), {
      message: /broken is not used: section large at offset \d+/,
    });
  });

  it('tells of any length but its own', async () => {
    writeSnapshot(path, header, persist);
    const good = await readFile(path);
    const broken = join(folder, 'broken');
    const cut = fc.integer({ min: 0, max: good.length - 1 });
    await fc.assert(
      fc.asyncProperty(cut, async (length) => {
        await writeFile(broken, good.subarray(0, length));
        await assert.rejects(readSnapshot(broken), { reason: 'SNAPSHOT_UNUSABLE' });
      }),
      { numRuns: 20 },
    );
    await writeFile(broken, Buffer.concat([good, Buffer.alloc(8)]));
    await assert.rejects(readSnapshot(broken), { reason: 'SNAPSHOT_UNUSABLE' });
  });

  it('leaves nothing behind where it could not be written', async () => {
    const fails = () => {
      throw new Error('no more');
    };
    const names = await readdir(folder);
    assert.throws(() => writeSnapshot(join(folder, snapshotName(9, 1)), header, fails), { reason: 'SNAPSHOT_FAILED' });
    assert.deepEqual(await readdir(folder), names);
    assert.throws(() => writeSnapshot(join(folder, 'none', 'x'), header, persist), { reason: 'SNAPSHOT_FAILED' });
  });
});

describe('a folder of snapshots', () => {
  it('keeps the newest of its generation, and lists them newest first', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'palate-snapshots-'));
    const files = [snapshotName(10, 1), snapshotName(9, 2), snapshotName(200, 2), snapshotName(30, 2), 'other.txt'];
    const left = `${snapshotName(400, 2)}.new`;
    for (const name of [...files, left]) await writeFile(join(folder, name), '');
    await mkdir(join(folder, 'more'));
    assert.deepEqual(
      (await listSnapshots(folder)).map(({ sequence }) => sequence),
      [200, 30, 10, 9],
    );
    assert.deepEqual(await pruneSnapshots(folder, 2, 2), [snapshotName(10, 1), snapshotName(9, 2), left]);
    assert.deepEqual(await removeSnapshots(folder), [snapshotName(200, 2), snapshotName(30, 2)]);
    assert.deepEqual((await readdir(folder)).sort(), ['more', 'other.txt']);
    assert.deepEqual(await listSnapshots(join(folder, 'none')), []);
    assert.deepEqual(await removeSnapshots(join(folder, 'none')), []);
    await rm(folder, { recursive: true });
  });
});
