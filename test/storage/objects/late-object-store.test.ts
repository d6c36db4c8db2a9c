import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PalateError, type Reason } from '../../../src/errors.ts';
import { openDiskObjectStore } from '../../../src/storage/objects/disk-object-store.ts';
import { openWhenReachable } from '../../../src/storage/objects/late-object-store.ts';
import { recordingLog } from '../../scoring/recording-log.ts';

const folder = await mkdtemp(join(tmpdir(), 'palate-late-'));
after(() => rm(folder, { recursive: true }));

const object = { tenant: '', sha256: 'ab'.repeat(32) };

/** A store in a folder that is elsewhere, in a manner of speaking. */
function elsewhere() {
  const state = { failure: undefined as Reason | undefined, attempts: 0, closed: 0 };
  const open = async () => {
    state.attempts += 1;
    await sleep(1);
    if (state.failure !== undefined) throw new PalateError(state.failure, 'not now');
    return { ...(await openDiskObjectStore(folder)), close: () => void state.closed++ };
  };
  return { state, open };
}

describe('a store elsewhere', () => {
  it('is opened at once where it answers, and closed', async () => {
    const { state, open } = elsewhere();
    const { log, lines } = recordingLog();
    const store = await openWhenReachable(open, { restMillis: 10_000, log });
    assert.equal(await store.has(object), false);
    store.close();
    assert.deepEqual([state, lines], [{ failure: undefined, attempts: 1, closed: 1 }, []]);
  });

  it('fails each call while it is away, asks once at a time, rests, and is found when it is back', async () => {
    const { state, open } = elsewhere();
    const { log, lines } = recordingLog();
    state.failure = 'STORAGE_FAILED';
    const store = await openWhenReachable(open, { restMillis: 50, log });
    await assert.rejects(store.get(object), { reason: 'STORAGE_FAILED' });
    assert.equal(state.attempts, 1, 'it rests');
    await sleep(60);
    state.failure = 'CONFIG_INVALID';
    const asked = await Promise.allSettled([store.has(object), store.get(object), store.delete(object)]);
    assert.deepEqual(new Set(asked.map((each) => each.status === 'rejected' && each.reason.reason)).size, 1);
    await assert.rejects(store.has(object), { reason: 'STORAGE_FAILED' });
    assert.equal(state.attempts, 2, 'all waited for the same attempt');
    await sleep(60);
    state.failure = undefined;
    assert.equal(await store.has(object), false);
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['warn', 'info'],
    );
    store.close();
    assert.equal(state.closed, 1);
  });

  it('does not begin where it is a fault of the configuration', async () => {
    const { state, open } = elsewhere();
    state.failure = 'CONFIG_INVALID';
    const { log } = recordingLog();
    await assert.rejects(openWhenReachable(open, { restMillis: 1, log }), { reason: 'CONFIG_INVALID' });
  });

  it('is closed again where it answers too late', async () => {
    const { state, open } = elsewhere();
    const { log } = recordingLog();
    state.failure = 'STORAGE_FAILED';
    const store = await openWhenReachable(open, { restMillis: 0, log });
    state.failure = undefined;
    const asked = store.has(object);
    store.close();
    await asked;
    assert.equal(state.closed, 1);
  });
});
