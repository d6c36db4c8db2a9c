import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerInOrder } from '../../../src/scoring/inference/answer-in-order.ts';

const open = () => ({ signal: new AbortController().signal, error: () => new Error('never') });

async function* from(...values: number[]) {
  yield* values;
}

/** Inputs that never end. */
async function* forever(seen: number[]) {
  for (let value = 0; ; value++) {
    seen.push(value);
    yield value;
  }
}

describe('answerInOrder', () => {
  it('gives answers in the order of the inputs, though later ones are ready first', async () => {
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const ready: number[] = [];
    const started = Promise.withResolvers<void>();
    const answers = answerInOrder(
      from(0, 1, 2, 3),
      8,
      async (value) => {
        if (value === 3) started.resolve();
        await gates[value]!.promise;
        ready.push(value);
        return value * 10;
      },
      open(),
    );
    const all = Array.fromAsync(answers);
    await started.promise;
    for (const value of [3, 1, 2, 0]) {
      gates[value]!.resolve();
      await gates[value]!.promise;
    }
    assert.deepEqual(await all, [0, 10, 20, 30]);
    assert.deepEqual(ready, [3, 1, 2, 0]);
  });

  it('reads no more than may be under way', async () => {
    const seen: number[] = [];
    const answers = answerInOrder(forever(seen), 3, async (value) => value, open());
    for (let index = 0; index < 5; index++) assert.equal((await answers.next()).value, index);
    assert.ok(seen.length <= 9, `${seen.length} were read`);
    await answers.return(undefined);
  });

  it('ends with the failure of a piece of work, after the answers before it', async () => {
    const work = async (value: number) => {
      if (value === 2) throw new Error('two');
      return value;
    };
    const got: number[] = [];
    const reading = (async () => {
      for await (const value of answerInOrder(from(0, 1, 2, 3), 8, work, open())) got.push(value);
    })();
    await assert.rejects(reading, { message: 'two' });
    assert.deepEqual(got, [0, 1]);
  });

  it('when it is told to end, answers what is under way and then fails', async () => {
    const ending = new AbortController();
    const slow = Promise.withResolvers<void>();
    const got: number[] = [];
    const answers = answerInOrder(
      forever([]),
      2,
      async (value) => {
        await slow.promise;
        return value;
      },
      { signal: ending.signal, error: () => new Error('stopping') },
    );
    const reading = (async () => {
      for await (const value of answers) got.push(value);
    })();
    ending.abort();
    slow.resolve();
    await assert.rejects(reading, { message: 'stopping' });
    assert.ok(got.length <= 2);
  });

  it('fails as its inputs do, after the answers to those that came', async () => {
    const got: number[] = [];
    async function* broken() {
      yield 1;
      throw new Error('cut off');
    }
    const reading = (async () => {
      for await (const value of answerInOrder(broken(), 4, async (value) => value, open())) got.push(value);
    })();
    await assert.rejects(reading, { message: 'cut off' });
    assert.deepEqual(got, [1]);
  });
});
