import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../../src/rpc/outbox.ts';

test('is full from the bound on, and has room below it again', async () => {
  const outbox = new Outbox(2_000);
  const first = outbox.add(600);
  assert.equal(outbox.full, false);
  const second = outbox.add(600);
  assert.equal(outbox.full, true);
  let woken = false;
  const room = outbox.room().then(() => {
    woken = true;
  });
  await Promise.resolve();
  assert.equal(woken, false);
  first();
  await room;
  assert.equal(outbox.full, false);
  second();
});

test('closing lets a waiting producer go', async () => {
  const outbox = new Outbox(1);
  outbox.add(1);
  const room = outbox.room();
  outbox.close();
  await room;
  assert.equal(outbox.full, false);
});

test('many small messages fill it too', () => {
  const outbox = new Outbox(100_000);
  let count = 0;
  for (; !outbox.full; count++) outbox.add(1);
  assert.ok(count < 200);
});
