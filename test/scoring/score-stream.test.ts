import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.ts';
import {
  type ScoreStreamRequest,
  type ScoreStreamRequestSchema,
  type ScoreStreamResponse,
  ScoringService,
} from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { createGrpcClient } from '../../src/rpc/client/grpc-client.ts';
import type { ScorePhoto } from '../../src/scoring/pipeline.ts';
import { runServer } from '../rpc/running-server.ts';
import { greyPhoto, newPhoto } from './photos.ts';
import { imagesRun, type OpenScorer, openScorer } from './scorer.ts';
import { serviceOf } from './scoring-service.ts';

type Request = MessageInitShape<typeof ScoreStreamRequestSchema>;

let scorer: OpenScorer;

before(async () => {
  scorer = await openScorer();
});
after(() => scorer.close());

const ask = (
  requestId: string,
  image: Uint8Array = newPhoto(),
  rest: Partial<Pick<ScoreStreamRequest, 'model' | 'timeZone' | 'timeout'>> = {},
): Request => ({
  ...rest,
  requestId,
  image: { case: 'imageBytes', value: image },
});

/** A stream over the network, that writes when it is told to. */
async function open(t: Parameters<typeof runServer>[0], score?: ScorePhoto) {
  const { grpc, server } = await runServer(t, [serviceOf(scorer, score)]);
  const { call, close } = createGrpcClient(ScoringService, grpc);
  t.after(() => close());
  return { call, server };
}

/** The score, the rejection or the reason of each answer, by its request. */
async function outcomesOf(answers: AsyncIterable<ScoreStreamResponse>): Promise<Record<string, unknown>> {
  const outcomes: Record<string, unknown> = {};
  for await (const answer of answers) {
    assert.ok(!(answer.requestId in outcomes) || answer.requestId === 'twin', 'one answer each');
    const key = answer.requestId in outcomes ? `${answer.requestId} again` : answer.requestId;
    outcomes[key] = outcomeOf(answer);
  }
  return outcomes;
}

function outcomeOf({ requestId, outcome }: ScoreStreamResponse): unknown {
  if (outcome.case === 'error') {
    const info = outcome.value.details.find(({ typeUrl }) => typeUrl.endsWith(ErrorInfoSchema.typeName));
    return fromBinary(ErrorInfoSchema, info!.value).reason;
  }
  assert.equal(outcome.value?.requestId, requestId);
  return outcome.value.rejection?.reason ?? Math.round(outcome.value.score!);
}

test('answers each photo by its id, and goes on after one that fails', async (t) => {
  const { call } = await open(t);
  const requests = [
    ask('good'),
    ask('no food', await greyPhoto()),
    ask('no photo', Buffer.from('no photo')),
    ask('bad model', newPhoto(), { model: 'none' }),
    { requestId: 'empty' },
    ask('bad zone', newPhoto(), { timeZone: 'Nowhere' }),
    ask('no time', newPhoto(), { timeout: durationFromMs(-1) }),
    ask('good too'),
  ];
  assert.deepEqual(await outcomesOf(call.scoreStream(of(requests))), {
    good: 5,
    'no food': 'NOT_FOOD',
    'no photo': 'UNREADABLE',
    'bad model': 'MODEL_UNKNOWN',
    empty: 'INVALID_REQUEST',
    'bad zone': 'INVALID_REQUEST',
    'no time': 'INVALID_REQUEST',
    'good too': 5,
  });
});

test('an id that is under way is refused, and free again afterwards', async (t) => {
  const { score, begun, open: letGo } = heldScore(scorer.pipeline());
  const { call } = await open(t, score);
  const order: string[] = [];
  async function* requests() {
    yield ask('twin');
    await begun;
    yield ask('twin');
    while (order.length < 1) await new Promise((resolve) => setImmediate(resolve));
    letGo();
    while (order.length < 2) await new Promise((resolve) => setImmediate(resolve));
    yield ask('twin');
  }
  for await (const answer of call.scoreStream(requests())) order.push(String(outcomeOf(answer)));
  assert.deepEqual(order, ['INVALID_REQUEST', '5', '5']);
});

test('each photo has its own time, and the slow do not keep the fast', async (t) => {
  const { score, open: letGo } = heldScore(scorer.pipeline(), ({ requestId }) => requestId !== 'fast');
  const { call } = await open(t, score);
  const order: string[] = [];
  const requests = [
    ask('slow', newPhoto()),
    ask('short', newPhoto(), { timeout: durationFromMs(30) }),
    ask('fast', newPhoto()),
  ];
  for await (const answer of call.scoreStream(of(requests))) {
    order.push(`${answer.requestId} ${outcomeOf(answer)}`);
    if (order.length === 2) letGo();
  }
  assert.deepEqual(order.toSorted(), ['fast 5', 'short DEADLINE_EXCEEDED', 'slow 5']);
  assert.equal(order.at(-1), 'slow 5');
});

test('the same photo many times on a stream is one inference', async (t) => {
  const { call } = await open(t);
  const before = imagesRun(scorer);
  const image = newPhoto();
  const requests = Array.from({ length: 200 }, (_, index) => ask(`photo ${index}`, image));
  const outcomes = await outcomesOf(call.scoreStream(of(requests)));
  assert.equal(Object.keys(outcomes).length, 200);
  assert.deepEqual([...new Set(Object.values(outcomes))], [5]);
  assert.equal(imagesRun(scorer) - before, 1);
});

test('a drain answers what is under way, and then ends the stream as one to be tried elsewhere', async (t) => {
  const { score, begun, open: letGo } = heldScore(scorer.pipeline());
  const { call, server } = await open(t, score);
  const answered: string[] = [];
  async function* requests() {
    yield ask('under way');
    await new Promise(() => undefined);
  }
  const stream = (async () => {
    for await (const answer of call.scoreStream(requests())) answered.push(`${answer.requestId} ${outcomeOf(answer)}`);
  })();
  await begun;
  const drained = server.drain(AbortSignal.timeout(5_000));
  letGo();
  await assert.rejects(stream, { reason: 'SHUTTING_DOWN' });
  await drained;
  assert.deepEqual(answered, ['under way 5']);
});

async function* of(requests: readonly Request[]): AsyncGenerator<Request> {
  yield* requests;
}

/** Photos wait before their way begins, until they are let go or their time is over. */
function heldScore(
  score: ReturnType<OpenScorer['pipeline']>,
  isHeld: (question: Parameters<ScorePhoto>[0]) => boolean = () => true,
) {
  const [begun, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const held: ScorePhoto = async (question, call) => {
    begun.resolve();
    if (!isHeld(question)) return score(question, call);
    const late = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, call.deadlineMillis - (performance.timeOrigin + performance.now()) + 1);
      void opened.promise.then(() => clearTimeout(timer));
    });
    await Promise.race([opened.promise, late]);
    return score(question, call);
  };
  return { score: held, begun: begun.promise, open: opened.resolve };
}
