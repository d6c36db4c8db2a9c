import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, stat, symlink, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { silentLog } from '../../src/rpc/log.ts';
import { UnsentEvents } from '../../src/scoring/unsent.ts';
import { recordingLog } from './recording-log.ts';

let root: string;
let folder: string;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'palate-unsent-'));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'of-'));
});
after(() => rm(root, { recursive: true }));

const file = () => join(folder, 'unsent.log');
const size = async () => (await stat(file())).size;

/** What a process that starts now finds. */
function found(): { tenant: string; event: Buffer }[] {
  const unsent = new UnsentEvents(folder, silentLog);
  const left = unsent.left().map(({ tenant, event }) => ({ tenant, event: Buffer.from(event) }));
  unsent.close();
  return left;
}

describe('events that are not sent', () => {
  test('are there for the next process, without those that were sent before the file was cut', () => {
    const tenant = fc.stringMatching(/^[a-z]{0,20}$/);
    const one = fc.record({ tenant, event: fc.uint8Array({ maxLength: 300 }), isSent: fc.boolean() });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 20 }), (all) => {
        const unsent = new UnsentEvents(folder, silentLog);
        const sent = all.map(({ tenant, event, isSent }) => ({ isSent, forget: unsent.add(tenant, event) }));
        for (const { isSent, forget } of sent) if (isSent) forget();
        unsent.forgetSent();
        const waiting = all.filter(({ isSent }) => !isSent);
        assert.deepEqual(
          found(),
          waiting.map(({ tenant, event }) => ({ tenant, event: Buffer.from(event) })),
        );
        for (const { forget } of sent) forget();
        unsent.close();
        assert.deepEqual(found(), []);
      }),
      { numRuns: 50 },
    );
  });

  test('are there up to the end that a crash cut off', async () => {
    const unsent = new UnsentEvents(folder, silentLog);
    for (const text of ['one', 'two', 'three']) unsent.add('', Buffer.from(text));
    unsent.close();
    await truncate(file(), (await size()) - 1);
    assert.deepEqual(
      found().map(({ event }) => event.toString()),
      ['one', 'two'],
    );
    await appendFile(file(), Buffer.alloc(40, 1));
    assert.equal(found().length, 2);
  });

  test('take no more room than twice their own and 64 KiB, and leave nothing of the sent when it is asked for', async () => {
    const unsent = new UnsentEvents(folder, silentLog);
    unsent.add('', Buffer.from('waits'));
    for (let at = 0; at < 3_000; at++) unsent.add('', Buffer.alloc(1_000, `secret ${at}`))();
    assert.ok((await size()) <= 65_536 + 2_100);
    unsent.forgetSent();
    assert.ok(!(await readFile(file())).includes('secret'));
    assert.equal(found().length, 1);
    unsent.close();
  });

  test('are sent all the same where the disk is full: the log says so once, and all that wait are there when it is not', async () => {
    const { log, lines } = recordingLog();
    await symlink('/dev/full', file());
    const unsent = new UnsentEvents(folder, log);
    unsent.add('', Buffer.from('first'));
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['warn'],
    );
    unsent.add('', Buffer.from('second'));
    assert.deepEqual(
      found().map(({ event }) => event.toString()),
      ['first', 'second'],
    );
    assert.equal(lines.length, 1);
    unsent.close();
  });
});
