/**
 * One server as the edge, two as scorers, each a process of its own: one of the scorers is killed, one becomes ten times
 * slower, one stands still, both are gone. No image is lost that had time left, and no answer is about another image.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { GRPCInferenceService } from '../../gen/grpc_service_pb.ts';
import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import type { PalateError } from '../../src/errors.ts';
import { createGrpcClient } from '../../src/rpc/client/grpc-client.ts';
import { writeTinyModel } from '../interop/tiny-onnx.ts';
import { eventually, kill, type ServedPalate, servePalate, temporaryFolder } from '../servers/palate-process.ts';
import { startProxy, type TcpProxy } from '../servers/tcp-proxy.ts';
import { type Load, type LoadOutcome, load, percentile } from './remote-load.ts';

const plan: Load = { perSecond: 100, seconds: 6, timeoutMillis: 2_000 };
/** What a retry may cost beside twice the healthy p99: time enough to see that it is needed, and to ask another. */
const retryMillis = 100;

/** Of the file, whichever test starts something: `after` within a test is that test's. */
const releases: (() => void | Promise<void>)[] = [];
const file = { after: (release: () => void | Promise<void>) => void releases.unshift(release) };
after(async () => {
  for (const release of releases) await release();
});

const home = await writeTinyModel(await temporaryFolder(file), 'tiny', [1]);
const scoring = ['--roles', 'ingest,scoring', '--set', `scoring.models.folders=${home}`];
const scorers: ServedPalate[] = [];
const proxies: TcpProxy[] = [];
for (let index = 0; index < 2; index++) {
  const scorer = await startScorer();
  scorers.push(scorer);
  proxies.push(await startProxy(file, scorer.grpc));
}
const addresses = proxies.map(({ address }) => address);
const edge = await servePalate(file, {
  args: [
    ...[...scoring, '--set', 'scoring.models.provider=remote'],
    ...['--set', `scoring.models.remote.addresses=${addresses.join(',')}`],
  ],
});
const inference = createGrpcClient(GRPCInferenceService, edge.grpc, { attempts: 1 });
const scores = createGrpcClient(ScoringService, edge.grpc, { attempts: 1 });
file.after(() => {
  inference.close();
  scores.close();
});

function startScorer(): Promise<ServedPalate> {
  return servePalate(file, { args: [...scoring, '--set', 'scoring.models.instances=1'] });
}

/** Starts one in place of one that is gone, at the same address as the edge sees it. */
async function startAgain(index: number): Promise<void> {
  scorers[index] = await startScorer();
  proxies[index]!.target = scorers[index]!.grpc;
}

async function instances() {
  return (await scores.call.listModels({})).models[0]!.instances;
}

async function bothThere(): Promise<void> {
  await eventually('the edge has both', async () =>
    (await instances()).every(({ perImageMicros, perBatchMicros }) => perImageMicros + perBatchMicros > 0),
  );
}

function told(what: string, outcome: LoadOutcome): LoadOutcome {
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => percentile(outcome, share).toFixed(1));
  const { sent, failures, mixed } = outcome;
  console.log(
    `${what}: ${sent} sent, p50 ${p50} ms, p99 ${p99} ms, longest ${most} ms, ${JSON.stringify({ failures, mixed })}`,
  );
  return outcome;
}

function assertNoneLost({ sent, latencies, failures, mixed }: LoadOutcome): void {
  assert.deepEqual({ answered: latencies.length, failures, mixed }, { answered: sent, failures: {}, mixed: 0 });
}

let healthy: LoadOutcome;

/** `share`: of the answers that come in good time. */
function assertSoon(outcome: LoadOutcome, share = 0.99): void {
  const bound = 2 * percentile(healthy, 0.99) + retryMillis;
  assert.ok(percentile(outcome, share) <= bound, `${percentile(outcome, share)} ms at ${share}, more than ${bound}`);
}

describe('two scorers behind an edge', () => {
  before(async () => {
    await bothThere();
    await load(inference.call, plan);
  });

  test('both healthy: both are used, and the edge says what it runs on', async () => {
    healthy = told('healthy', await load(inference.call, plan));
    assertNoneLost(healthy);
    const { models } = await scores.call.listModels({});
    assert.deepEqual([models[0]!.provider, models[0]!.requestedProvider], ['remote', 'remote']);
    assert.deepEqual(
      models[0]!.instances.map(({ name }) => name),
      addresses.map((address) => `tiny-1@${address}`),
    );
    assert.ok(models[0]!.instances.every(({ images }) => images > 100n));
  });

  test('one is killed under load', async () => {
    const during = { afterMillis: 2_000, run: () => kill(scorers[0]!) };
    const outcome = told('one killed', await load(inference.call, { ...plan, during }));
    assertNoneLost(outcome);
    assertSoon(outcome);
    await startAgain(0);
    await bothThere();
  });

  test('one becomes ten times slower under load, and is used again when it is not', async () => {
    const slower = 9 * percentile(healthy, 0.5);
    const slow = proxies[1]!;
    const during = {
      afterMillis: 2_000,
      run: () => {
        slow.delayMillis = slower;
      },
    };
    const outcome = told(`one ${slower.toFixed(0)} ms slower`, await load(inference.call, { ...plan, during }));
    assertNoneLost(outcome);
    assertSoon(outcome);
    slow.delayMillis = 0;
    const imagesAtSlow = async () => (await instances())[1]!.images;
    const before = await imagesAtSlow();
    await eventually(
      'it is used again',
      async () => {
        assertNoneLost(await load(inference.call, { ...plan, seconds: 1 }));
        return (await imagesAtSlow()) > before + 20n;
      },
      40_000,
    );
  });

  test('one gets a tenth of the time', async () => {
    const { process: scorer } = scorers[1]!;
    let isOver = false;
    const during = {
      afterMillis: 2_000,
      run: async () => {
        const end = performance.now() + 3_500;
        while (performance.now() < end && !isOver) {
          scorer.kill('SIGSTOP');
          await new Promise((resolve) => setTimeout(resolve, 45));
          scorer.kill('SIGCONT');
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      },
    };
    const outcome = told('one with a tenth of its time', await load(inference.call, { ...plan, during }));
    isOver = true;
    assertNoneLost(outcome);
    assertSoon(outcome);
  });

  test('one stands still, and nobody is told', async () => {
    const { process: scorer } = scorers[0]!;
    const during = { afterMillis: 1_000, run: () => void scorer.kill('SIGSTOP') };
    const outcome = told('one stopped', await load(inference.call, { ...plan, during }));
    scorer.kill('SIGCONT');
    assertNoneLost(outcome);
    // Those that it had when it stopped wait until they are known to be very late.
    assertSoon(outcome, 0.97);
    await bothThere();
  });

  test('both are gone: callers are told at once, and when to come again; then all is well by itself', async () => {
    await Promise.all(scorers.map(kill));
    await eventually('the model is not ready', async () => !(await inference.call.modelReady({ name: 'tiny' })).ready);
    const refused = (error: PalateError) => {
      assert.equal(error.code, 'UNAVAILABLE');
      assert.ok(error.retryAfterMillis! > 0 && error.retryAfterMillis! <= 5_000);
      assert.match(error.message, /no remote runs model tiny, version 1/);
      return true;
    };
    await eventually('callers are told', async () => {
      const outcome = await load(inference.call, { ...plan, perSecond: 20, seconds: 0.2 });
      assert.equal(outcome.latencies.length, 0);
      return outcome.failures['UNREACHABLE'] === outcome.sent;
    });
    const begun = performance.now();
    await assert.rejects(scores.call.score({ image: { case: 'imageBytes', value: await photo() } }), refused);
    assert.ok(performance.now() - begun < 1_000);
    await Promise.all([startAgain(0), startAgain(1)]);
    await eventually('the model is ready', async () => (await inference.call.modelReady({ name: 'tiny' })).ready);
    assertNoneLost(told('after both were gone', await load(inference.call, { ...plan, seconds: 1 })));
    await bothThere();
  });

  test('the scorers have nothing to complain of, and the edge told of each that went', () => {
    for (const { complaints } of scorers) assert.deepEqual(complaints, []);
    const gone = edge.complaints.filter((line) => /a remote is gone/.test(line));
    assert.ok(gone.length >= 3, edge.complaints.join('\n'));
    assert.ok(edge.complaints.some((line) => /no remote runs the model: it is not ready/.test(line)));
  });
});

async function photo(): Promise<Uint8Array> {
  const { sharp } = await import('../../src/scoring/decoding/image-library.ts');
  return sharp({ create: { width: 9, height: 9, channels: 3, background: '#a52' } })
    .png()
    .toBuffer();
}
