import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { entryBeside } from '../../src/threads/entry.ts';
import { SupervisedWorker } from '../../src/threads/supervised-worker.ts';

describe('SupervisedWorker', () => {
  let worker: SupervisedWorker;
  const lines: { level: string; fields: object; message: string }[] = [];
  const into = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });

  beforeEach(() => {
    lines.length = 0;
    worker = new SupervisedWorker({
      name: 'echo',
      entry: entryBeside(import.meta.url, './echo.worker'),
      data: { seed: 7 },
      maxPending: 3,
      log: { debug: into('debug'), info: into('info'), warn: into('warn'), error: into('error') },
    });
  });
  afterEach(() => worker.stop());

  const threadOf = async () => Reflect.get((await worker.request('echo', 0)) as object, 'threadId');

  it('answers with what the handler gives, and is one thread', async () => {
    const answer = (await worker.request('echo', { deep: [1, 2] })) as { payload: unknown; data: unknown };
    assert.deepEqual([answer.payload, answer.data], [{ deep: [1, 2] }, { seed: 7 }]);
    assert.equal(await threadOf(), await threadOf());
    assert.equal(worker.pending, 0);
  });

  it('hands buffers over rather than copy them', async () => {
    const bytes = new ArrayBuffer(1_000);
    assert.equal(await worker.request('size', bytes, { transfer: [bytes] }), 1_000);
    assert.equal(bytes.byteLength, 0);
  });

  it('passes errors on: those of the list as they are, others as INTERNAL', async () => {
    await assert.rejects(worker.request('refuse', 0), {
      reason: 'JOURNAL_FULL',
      message: 'no room',
      metadata: { path: 'x' },
      retryAfterMillis: 70,
    });
    await assert.rejects(worker.request('break', 0), (error: Error) => {
      assert.equal(Reflect.get(error, 'reason'), 'INTERNAL');
      assert.match(String(error.cause), /a bug/);
      return true;
    });
  });

  it('writes the worker\u2019s lines into its log', async () => {
    await worker.request('log', 'look');
    assert.deepEqual([lines[0]?.level, lines[0]?.message], ['warn', 'look']);
  });

  it('refuses more than may wait', async () => {
    const caller = new AbortController();
    const hanging = [1, 2, 3].map((n) => worker.request('hang', `${n}`, { signal: caller.signal }));
    await assert.rejects(worker.request('echo', 0), { reason: 'OVERLOADED', code: 'RESOURCE_EXHAUSTED' });
    caller.abort(new Error('gone'));
    for (const one of await Promise.allSettled(hanging))
      assert.equal(one.status === 'rejected' && one.reason.message, 'gone');
    assert.deepEqual(await worker.request('cancelled', 0), ['1', '2', '3']);
  });

  it('does not wait longer than the deadline, and calls the request off', async () => {
    await worker.request('echo', 0);
    await assert.rejects(worker.request('hang', 'late', { deadlineMillis: Date.now() + 20 }), {
      reason: 'DEADLINE_EXCEEDED',
    });
    assert.deepEqual(await worker.request('cancelled', 0), ['late']);
  });

  for (const end of ['die', 'crash']) {
    it(`has another take the place of one that dies (${end}): what it had not answered fails`, async () => {
      const first = await threadOf();
      const lost = await Promise.allSettled([worker.request('hang', 'x'), worker.request(end, 0)]);
      for (const one of lost) assert.equal(one.status === 'rejected' && one.reason.reason, 'WORKER_LOST');
      assert.equal(lines[0]?.message, 'a worker died: the next request starts another');
      assert.notEqual(await threadOf(), first);
    });
  }

  it('rests on request, and begins anew', async () => {
    const first = await threadOf();
    worker.rest();
    assert.notEqual(await threadOf(), first);
    assert.deepEqual(lines, []);
  });

  it('fails what waits when it stops, and takes nothing more', async () => {
    const waiting = worker.request('hang', 'x');
    await Promise.all([worker.stop(), assert.rejects(waiting, { reason: 'SHUTTING_DOWN' })]);
    await assert.rejects(worker.request('echo', 0), { reason: 'SHUTTING_DOWN' });
    assert.deepEqual(lines, []);
  });

  // A server whose collector never answered ended with code 13, "unsettled top-level await", in half of its stops.
  it('keeps the process until it has stopped, also where an answer comes late', async () => {
    const script = fileURLToPath(new URL('./late-answer.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    assert.equal(stdout, 'over\n');
  });
});

describe('entryBeside', () => {
  it('has the ending of its owner: sources and builds alike', () => {
    assert.equal(entryBeside('file:///a/b/c.ts', './x.worker').href, 'file:///a/b/x.worker.ts');
    assert.equal(entryBeside('file:///a/dist/c.js', './x.worker').href, 'file:///a/dist/x.worker.js');
  });
});
