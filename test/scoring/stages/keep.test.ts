import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { identify } from '../../../src/scoring/stages/identify.ts';
import { Keeper } from '../../../src/scoring/stages/keep.ts';
import { openDiskObjectStore } from '../../../src/storage/objects/disk-object-store.ts';
import type { ObjectStore } from '../../../src/storage/objects/object-store.ts';
import { VirtualClock } from '../batcher/virtual-clock.ts';
import { type LogLine, recordingLog } from '../recording-log.ts';

const tenant = 'a';
let folder: string;
let objects: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-keep-'));
  objects = await openDiskObjectStore(join(folder, 'objects'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function photos(count: number, size = 1_000) {
  const all = Array.from({ length: count }, () => new Uint8Array(randomBytes(size)));
  return await Promise.all(
    all.map(async (bytes) => ({ bytes, name: { tenant, sha256: (await identify(bytes)).sha256 } })),
  );
}

function keeper(options: Partial<ConstructorParameters<typeof Keeper>[0]> = {}) {
  const clock = new VirtualClock();
  const { log, lines } = recordingLog();
  return { clock, lines, keeper: new Keeper({ clock, objects, log, maxPhotos: 100, maxBytes: 1e6, ...options }) };
}

/** Puts nothing until it is let go. */
function held(store: ObjectStore) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const put: ObjectStore['put'] = (name, bytes) => promise.then(() => store.put(name, bytes));
  return { letGo: resolve, store: { ...store, put } };
}

/** Notes how many puts are under way at once. */
function watched(store: ObjectStore) {
  const seen = { now: 0, most: 0 };
  const put: ObjectStore['put'] = async (name, bytes) => {
    seen.most = Math.max(seen.most, ++seen.now);
    await store.put(name, bytes).finally(() => seen.now--);
  };
  return { seen, store: { ...store, put } };
}

const droppedIn = (lines: readonly LogLine[]) => lines.map(({ fields }) => fields['dropped']);

describe('Keeper', () => {
  test('keeps what it is given, a few at a time', async () => {
    const { seen, store } = watched(objects);
    const { keeper: keeping, lines } = keeper({ objects: store, concurrency: 3 });
    const all = await photos(20);
    for (const { name, bytes } of all) keeping.keep(name, bytes);
    assert.equal(keeping.underWay, 20);
    await keeping.settled();
    for (const { name, bytes } of all) assert.deepEqual(new Uint8Array((await objects.get(name))!), bytes);
    assert.deepEqual(keeping.counts, { kept: 20, failed: 0, dropped: 0 });
    assert.deepEqual([seen.most, keeping.underWay, lines.length], [3, 0, 0]);
  });

  test('drops what finds no room in the line, counts it, and says so once in a while', async () => {
    const { store, letGo } = held(objects);
    const { clock, keeper: keeping, lines } = keeper({ maxPhotos: 5, objects: store });
    const all = await photos(20);
    const give = (from: number, to: number) => {
      for (const { name, bytes } of all.slice(from, to)) keeping.keep(name, bytes);
    };
    give(0, 10);
    assert.deepEqual(keeping.counts, { kept: 0, failed: 0, dropped: 5 });
    assert.deepEqual(droppedIn(lines), [1]);
    await clock.run(9_999);
    give(10, 12);
    assert.deepEqual(droppedIn(lines), [1]);
    await clock.run(10_000);
    give(12, 13);
    assert.deepEqual(droppedIn(lines), [1, 7]);
    give(13, 15);
    letGo();
    await keeping.settled();
    assert.deepEqual(droppedIn(lines), [1, 7, 2], 'nothing is left untold');
    assert.deepEqual(keeping.counts, { kept: 5, failed: 0, dropped: 10 });
    await keeping.settled();
    assert.equal(lines.length, 3);
  });

  test('bounds the bytes in line', async () => {
    const { keeper: keeping } = keeper({ maxBytes: 2_500 });
    for (const { name, bytes } of await photos(4)) keeping.keep(name, bytes);
    await keeping.settled();
    assert.deepEqual(keeping.counts, { kept: 2, failed: 0, dropped: 2 });
    for (const { name, bytes } of await photos(1, 2_500)) keeping.keep(name, bytes);
    await keeping.settled();
    assert.equal(keeping.counts.kept, 3);
  });

  test('outlives a store that refuses, and tells why once for many', async () => {
    const broken = join(folder, 'broken');
    const refusing = await openDiskObjectStore(broken);
    await writeFile(join(broken, tenant), 'a file where a folder is to be');
    const { keeper: keeping, lines } = keeper({ objects: refusing });
    for (const { name, bytes } of await photos(8)) keeping.keep(name, bytes);
    await keeping.settled();
    assert.deepEqual(keeping.counts, { kept: 0, failed: 8, dropped: 0 });
    assert.deepEqual(
      lines.map(({ level, fields }) => [level, fields['reason'], fields['failed']]),
      [
        ['warn', 'STORAGE_FAILED', 1],
        ['warn', undefined, 7],
      ],
    );
  });
});
