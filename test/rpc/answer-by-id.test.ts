import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { type ScoreStreamRequest, ScoreStreamRequestSchema } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { PalateError } from '../../src/errors.ts';
import { answerById } from '../../src/rpc/answer-by-id.ts';

function request(requestId: string, bytes = 1): Uint8Array {
  const image = { case: 'imageBytes', value: new Uint8Array(bytes) } as const;
  return toBinary(ScoreStreamRequestSchema, create(ScoreStreamRequestSchema, { requestId, image }));
}

async function* from(...inputs: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* inputs;
}

interface Asked {
  readonly limit?: number;
  readonly draining?: AbortSignal;
  readonly answer: (request: ScoreStreamRequest, beganMillis: number) => Promise<string>;
}

function ask(requests: AsyncIterable<Uint8Array>, { answer, limit = 8, draining }: Asked) {
  const hidden: unknown[] = [];
  const answers = answerById(
    requests,
    { draining: draining ?? new AbortController().signal },
    { schema: ScoreStreamRequestSchema, failure: 'error', limit, onHidden: (_id, cause) => hidden.push(cause), answer },
  );
  return { answers, hidden };
}

async function outcomes(answers: AsyncIterable<{ requestId: string; outcome: { case: string; value: unknown } }>) {
  const found: Record<string, string> = {};
  for await (const { requestId, outcome } of answers) {
    const { value } = outcome;
    found[requestId] = typeof value === 'string' ? value : (value as { message: string }).message;
  }
  return found;
}

describe('answers by id', () => {
  it('come with the id of their request, failures among them, and go on', async () => {
    const { answers, hidden } = ask(from(request('a'), request('b'), request('c')), {
      async answer({ requestId }) {
        if (requestId === 'b') throw new PalateError('SCORE_UNKNOWN', 'nothing is known of b');
        return `answer to ${requestId}`;
      },
    });
    assert.deepEqual(await outcomes(answers), {
      a: 'answer to a',
      b: 'nothing is known of b',
      c: 'answer to c',
    });
    assert.deepEqual(hidden, []);
  });

  it('hide a cause that is nobody’s business, and tell of it', async () => {
    const cause = new Error('secret');
    const { answers, hidden } = ask(from(request('a')), { answer: () => Promise.reject(cause) });
    const { a = '' } = await outcomes(answers);
    assert.notEqual(a, '');
    assert.doesNotMatch(a, /secret/);
    assert.equal(hidden.length, 1);
  });

  it('refuse what the rules refuse, by its id', async () => {
    const without = toBinary(ScoreStreamRequestSchema, create(ScoreStreamRequestSchema, { requestId: 'a' }));
    const { answers } = ask(from(without), { answer: async () => 'never' });
    assert.match((await outcomes(answers))['a'] ?? '', /ScoreStreamRequest is not valid/);
  });

  it('refuse an id that is not answered yet, and take it again afterwards', async () => {
    const first = Promise.withResolvers<string>();
    async function* requests() {
      yield request('a');
      yield request('a');
      first.resolve('first');
      await first.promise;
      await new Promise((resolve) => setImmediate(resolve));
      yield request('a');
    }
    let asked = 0;
    const { answers } = ask(requests(), { answer: () => (++asked === 1 ? first.promise : Promise.resolve('again')) });
    const cases: string[] = [];
    for await (const { outcome } of answers) cases.push(outcome.case);
    assert.deepEqual(cases.toSorted(), ['error', 'result', 'result']);
    assert.equal(asked, 2);
  });

  it('end with what is no request: there is no id to answer to', async () => {
    const { answers } = ask(from(request('a'), Uint8Array.of(0xff)), { answer: async () => 'fine' });
    assert.deepEqual((await answers.next()).value?.outcome, { case: 'result', value: 'fine' });
    await assert.rejects(answers.next(), { reason: 'MALFORMED_MESSAGE' });
  });

  it('end when the server stops, behind what is under way', async () => {
    const draining = new AbortController();
    async function* endless() {
      for (let id = 0; ; id++) yield request(String(id));
    }
    const { answers } = ask(endless(), { limit: 1, draining: draining.signal, answer: async () => 'fine' });
    assert.equal((await answers.next()).value?.requestId, '0');
    draining.abort();
    await assert.rejects(
      async () => {
        for await (const _ of answers);
      },
      { reason: 'SHUTTING_DOWN' },
    );
  });
});
