import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerAsReady } from '../../src/rpc/answer-as-ready.ts';

async function* from<T>(...inputs: readonly T[]): AsyncGenerator<T> {
  yield* inputs;
}

async function all<T>(answers: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const answer of answers) found.push(answer);
  return found;
}

/** Promises that the test settles by hand. */
function gates(count: number) {
  return Array.from({ length: count }, () => Promise.withResolvers<number>());
}

describe('answers as they are ready', () => {
  it('come in the order of readiness, each once', async () => {
    const waits = gates(3);
    const answers = answerAsReady(from(0, 1, 2), 8, (input) => waits[input]!.promise);
    const first = answers.next();
    waits[2]!.resolve(2);
    assert.equal((await first).value, 2);
    waits[0]!.resolve(0);
    assert.equal((await answers.next()).value, 0);
    waits[1]!.resolve(1);
    assert.equal((await answers.next()).value, 1);
    assert.equal((await answers.next()).done, true);
  });

  it('keep at most so many under way or not taken', async () => {
    let underWay = 0;
    let most = 0;
    let read = 0;
    async function* inputs() {
      for (; read < 50; read++) yield read;
    }
    const answers = answerAsReady(inputs(), 4, async (input) => {
      most = Math.max(most, ++underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      return input;
    });
    await answers.next();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    assert.ok(read <= 6, `${read} were read ahead`);
    assert.equal((await all(answers)).length, 49);
    assert.equal(most, 4);
  });

  it('end with the failure of the inputs, after what was ready', async () => {
    async function* failing() {
      yield 1;
      throw new Error('cut off');
    }
    const found: number[] = [];
    await assert.rejects(async () => {
      for await (const answer of answerAsReady(failing(), 4, async (input) => input)) found.push(answer);
    }, /cut off/);
    assert.ok(found.length <= 1);
  });

  it('end with the failure of the work', async () => {
    await assert.rejects(all(answerAsReady(from(1), 4, () => Promise.reject(new Error('broken')))), /broken/);
  });

  it('stop reading when nobody takes them any more', async () => {
    let closed = false;
    async function* endless() {
      try {
        for (let input = 0; ; input++) yield input;
      } finally {
        closed = true;
      }
    }
    for await (const answer of answerAsReady(endless(), 2, async (input) => input)) if (answer === 3) break;
    for (let turn = 0; turn < 5 && !closed; turn++) await new Promise(setImmediate);
    assert.ok(closed);
  });

  it('end when they are told to, after what is under way', async () => {
    const [wait] = gates(1);
    const ending = new AbortController();
    async function* endless() {
      yield 1;
      await new Promise(() => undefined);
    }
    const started = Promise.withResolvers<void>();
    const work = () => {
      started.resolve();
      return wait!.promise;
    };
    const end = { signal: ending.signal, error: () => new Error('the server stops') };
    const answers = answerAsReady(endless(), 4, work, end);
    const first = answers.next();
    await started.promise;
    ending.abort();
    wait!.resolve(7);
    assert.equal((await first).value, 7);
    await assert.rejects(answers.next(), /the server stops/);
  });

  it('are none without inputs', async () => assert.deepEqual(await all(answerAsReady(from(), 1, async () => 1)), []));
});
