import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Inbox } from '../../src/rpc/inbox.ts';

test('delivers in order and ends', async () => {
  const source = [1, 2, 3];
  const inbox: Inbox<number> = new Inbox(() => {
    const next = source.shift();
    if (next === undefined) inbox.end();
    else inbox.push(next);
  });
  assert.deepEqual(await Array.fromAsync(inbox), [1, 2, 3]);
  assert.deepEqual(await inbox.next(), { done: true, value: undefined });
});

test('asks for nothing until someone takes, then for one ahead at most', async () => {
  let asked = 0;
  const inbox = new Inbox<number>(() => {
    asked += 1;
  });
  assert.equal(asked, 0);
  const first = inbox.next();
  assert.equal(asked, 1);
  inbox.push(1);
  assert.deepEqual(await first, { done: false, value: 1 });
  assert.equal(asked, 2);
  inbox.push(2);
  assert.equal(asked, 2, 'one waits: no more is asked for');
  await inbox.next();
  assert.equal(asked, 3);
});

test('a failure reaches those who wait and those who come later, and drops what was not taken', async () => {
  const inbox = new Inbox<number>(() => {});
  const waiting = inbox.next();
  inbox.fail(new Error('gone'));
  await assert.rejects(waiting, /gone/);
  inbox.push(1);
  await assert.rejects(inbox.next(), /gone/);
});

test('a taker who returns gets no more, and nothing more is asked for', async () => {
  let asked = 0;
  const inbox = new Inbox<number>(() => {
    asked += 1;
    inbox.push(asked);
  });
  for await (const item of inbox) if (item === 2) break;
  const before = asked;
  assert.deepEqual(await inbox.next(), { done: true, value: undefined });
  assert.equal(asked, before);
});

test('nothing is lost, doubled or reordered, however pushes and takes interleave', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (steps) => {
      const inbox = new Inbox<number>(() => {});
      const taken: Promise<IteratorResult<number, undefined>>[] = [];
      let pushed = 0;
      for (const isPush of steps) {
        if (isPush) inbox.push(pushed++);
        else taken.push(inbox.next());
      }
      inbox.end();
      const values = (await Promise.all(taken)).filter(({ done }) => !done).map(({ value }) => value);
      const rest = await Array.fromAsync(inbox);
      assert.deepEqual(
        [...values, ...rest],
        Array.from({ length: pushed }, (_, index) => index),
      );
    }),
  );
});
