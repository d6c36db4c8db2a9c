import assert from 'node:assert/strict';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { foldVersion } from '../../../src/recommendation/fold/fold-version.ts';
import { headerBytes } from '../../../src/recommendation/snapshots/format.ts';
import { event } from '../fold/events.ts';
import { journalFolderOf, makeFolder, openShadow, removeFolder } from './shadow-fixture.ts';

const segmentBytes = 65_536;
const isNoLock = (path: string) => !/lock/.test(path);

/** A journal without its first segments, and two snapshots that have what was in them. */
async function withRetention(folder: string): Promise<{ readonly digest: string; readonly firstSequence: number }> {
  const open = await openShadow(folder, { segmentBytes });
  const pad = 'x'.repeat(900);
  const signal = new AbortController().signal;
  for (let batch = 0; batch < 4; batch++) {
    const views = Array.from({ length: 60 }, (_, n) => {
      return event('itemUpserted', { itemId: `${batch}-${n}`, attributes: { title: pad } });
    });
    await open.append(views);
    if (batch >= 2) await open.shadow.snapshot(signal);
  }
  const covered = await open.shadow.coveredThrough(2, signal);
  await cp(journalFolderOf(folder), join(folder, 'copies'), { recursive: true, filter: isNoLock });
  const { segments } = await open.journal.dropBefore(covered);
  assert.ok(segments > 0);
  const { digest } = await open.client.getStateStatus({});
  const { firstSequence } = open.journal.status();
  await open.close();
  return { digest, firstSequence };
}

/** Makes a snapshot one of another version of the fold, as an earlier release would have written it. */
async function ofVersion(path: string, version: number): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt32LE(version, 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, headerBytes - 4)), headerBytes - 4);
  await writeFile(path, bytes);
}

describe('a start on a journal whose first records were dropped', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await makeFolder();
  });

  afterEach(() => removeFolder(folder));

  it('begins with a snapshot of this version and these settings', async () => {
    const { digest } = await withRetention(folder);
    const open = await openShadow(folder, { segmentBytes });
    assert.equal((await open.client.getStateStatus({})).digest, digest);
    await open.close();
  });

  it('is refused under another version of the fold, with what to do, and leaves the snapshots to the earlier one', async () => {
    const { digest, firstSequence } = await withRetention(folder);
    const snapshots = join(folder, 'snapshots');
    const paths = (await readdir(snapshots)).map((name) => join(snapshots, name));
    for (const path of paths) await ofVersion(path, foldVersion - 1);
    await assert.rejects(openShadow(folder, { segmentBytes }), ({ reason, message }) => {
      assert.equal(reason, 'STATE_UNAVAILABLE');
      assert.match(message, new RegExp(`begins at sequence ${firstSequence}: what was before was dropped`));
      assert.match(message, new RegExp(`version ${foldVersion - 1} of the fold wrote it, and this is ${foldVersion}`));
      assert.match(message, /the log has what is wrong with 1 more/);
      assert.match(message, /start the Palate and the configuration that wrote it/);
      assert.match(message, /put copies of the dropped segments back/);
      return true;
    });
    // The release that wrote them starts as ever.
    for (const path of paths) await ofVersion(path, foldVersion);
    const open = await openShadow(folder, { segmentBytes });
    assert.equal((await open.client.getStateStatus({})).digest, digest);
    await open.close();
  });

  it('is refused under other settings of the state, until the dropped segments are back', async () => {
    await withRetention(folder);
    const settings = { maxItems: 100 };
    await assert.rejects(openShadow(folder, { segmentBytes, settings }), {
      reason: 'STATE_UNAVAILABLE',
      message: /it was folded under other settings.*put copies of the dropped segments back/s,
    });
    await cp(join(folder, 'copies'), journalFolderOf(folder), { recursive: true, force: false, filter: isNoLock });
    const open = await openShadow(folder, { segmentBytes, settings });
    assert.deepEqual([open.feed.state.sequence, open.feed.state.tenant('')!.catalogue.size], [240, 100]);
    await open.close();
  });

  it('is refused without snapshots', async () => {
    await withRetention(folder);
    await removeFolder(join(folder, 'snapshots'));
    await assert.rejects(openShadow(folder, { segmentBytes }), {
      reason: 'STATE_UNAVAILABLE',
      message: /There is none in .*: put one of this journal there/,
    });
  });
});
