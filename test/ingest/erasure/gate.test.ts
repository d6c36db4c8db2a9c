import assert from 'node:assert/strict';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { openErasures } from '../../../src/ingest/erasure/open-erasures.ts';
import type { Acknowledgement } from '../../../src/ingest/publish.ts';
import { silentLog } from '../../../src/rpc/log.ts';
import { erase, makeFolder, openPublishing, type Publishing, publisher, viewed } from './publishing.ts';

let folder: string;
let remove: () => Promise<void>;
let open: Publishing;
let masked: string[];

async function reopen(): Promise<void> {
  open = await openPublishing(folder, { mask: (_, userId) => void masked.push(userId) });
}

beforeEach(async () => {
  ({ folder, remove } = await makeFolder());
  masked = [];
  await reopen();
});

afterEach(async () => {
  await open.close();
  await remove();
});

const reasons = ({ rejected }: Acknowledgement) => rejected.map(({ index, reason }) => [index, reason]);

describe('an erasure', () => {
  test('is refused where nothing can carry it out, and the rest of its batch is taken', async () => {
    const answer = await publisher(open.journal)(viewed('ann'), erase('ann'), viewed('ann'));
    assert.equal(answer.accepted, 2);
    assert.deepEqual(reasons(answer), [[1, 'PAYLOAD_UNSUPPORTED']]);
  });

  test('is refused where the journal has lost its beginning', async () => {
    for (let round = 0; round < 5; round++) await open.publish(...Array.from({ length: 500 }, () => viewed('ann')));
    await open.journal.dropBefore(2_000);
    assert.ok(open.journal.status().firstSequence > 1);
    const answer = await open.publish(erase('ann'), viewed('ann'));
    assert.equal(answer.accepted, 1);
    assert.deepEqual(reasons(answer), [[0, 'PAYLOAD_UNSUPPORTED']]);
    assert.deepEqual(masked, []);
  });

  test('is masked when it is acknowledged', async () => {
    await open.publish(erase('ann'), erase('bob'));
    assert.deepEqual(masked, ['ann', 'bob']);
  });

  test('that the journal did not take leaves the person as they were', async () => {
    await open.journal.close();
    await assert.rejects(open.publish(erase('ann')), { reason: 'JOURNAL_CLOSED' });
    await open.close();
    await reopen();
    assert.equal((await open.publish(viewed('ann'))).accepted, 1);
  });
});

describe('the files beside the journal', () => {
  const read = (name: string) => readFile(join(folder, name), 'utf8');

  test('are for nobody else to read, and hold no id', async () => {
    await open.publish(viewed('ann-of-green-gables'), erase('ann-of-green-gables'));
    for (const name of ['erasure.key', 'erasures.json']) {
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
      assert.equal((await read(name)).includes('gables'), false);
    }
    assert.match(await read('erasure.key'), /^[0-9a-f]{64}\n$/);
  });

  test('are made anew from the journal where the ledger is lost', async () => {
    await open.publish(viewed('ann'), viewed('bob'));
    await open.publish(erase('ann'));
    await open.close();
    await rm(join(folder, 'erasures.json'));
    await reopen();
    assert.deepEqual(reasons(await open.publish(viewed('bob'), viewed('ann'))), [[1, 'USER_ERASED']]);
  });

  test('belong together: another key is refused, and so is one that is none', async () => {
    await writeFile(join(folder, 'erasure.key'), `${'0'.repeat(64)}\n`);
    const { part } = await openErasures({ folder, journal: open.journal, log: silentLog });
    await assert.rejects(async () => part.start?.(), { reason: 'ERASURE_KEY_WRONG' });
    await writeFile(join(folder, 'erasure.key'), 'not a key');
    await assert.rejects(openErasures({ folder, journal: open.journal, log: silentLog }), {
      reason: 'ERASURE_KEY_WRONG',
    });
  });
});
