import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBacklog, whileRoom } from '../../src/ingest/backlog.ts';

/** Work that ends when it is told to. */
function pending() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { work: () => promise, end: resolve };
}

test('counts what is under way, also when it fails', async () => {
  const backlog = createBacklog(100);
  const { work, end } = pending();
  const running = backlog.during(60, work);
  assert.equal(backlog.bytes, 60);
  await assert.rejects(backlog.during(10, () => Promise.reject(new Error('no'))));
  assert.equal(backlog.bytes, 60);
  end();
  await running;
  assert.equal(backlog.bytes, 0);
});

test('at the bound a unary call is refused with a time to come back', async () => {
  const backlog = createBacklog(100);
  const { work, end } = pending();
  backlog.admit();
  const running = backlog.during(100, work);
  assert.throws(() => backlog.admit(), { reason: 'OVERLOADED', retryAfterMillis: 100 });
  end();
  await running;
  backlog.admit();
});

test('at the bound a stream is not read, and goes on when there is room', async () => {
  const backlog = createBacklog(100);
  let read = 0;
  async function* source(): AsyncGenerator<number> {
    for (const value of [1, 2, 3]) {
      read++;
      yield value;
    }
  }
  const inputs = whileRoom(source(), backlog);
  assert.equal((await inputs.next()).value, 1);
  const { work, end } = pending();
  const running = backlog.during(150, work);
  const second = inputs.next();
  await new Promise(setImmediate);
  assert.equal(read, 1);
  end();
  await running;
  assert.equal((await second).value, 2);
});

test('who waits is woken one after the other, while there is room', async () => {
  const backlog = createBacklog(100);
  const first = pending();
  const running = backlog.during(100, first.work);
  const second = pending();
  let others = 0;
  const one = backlog.room().then(() => backlog.during(100, second.work));
  const two = backlog.room().then(() => others++);
  first.end();
  await running;
  await new Promise(setImmediate);
  assert.equal(others, 0);
  second.end();
  await Promise.all([one, two]);
  assert.equal(others, 1);
});
