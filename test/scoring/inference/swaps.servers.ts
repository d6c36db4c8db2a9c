/** A model is swapped a hundred times under load, on a real server and within a process: not one answer fails, and none is of two versions. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { GRPCInferenceService, type ModelInferResponse } from '../../../gen/grpc_service_pb.ts';
import { ScoringService } from '../../../gen/palate/scoring/v1/scoring_pb.ts';
import { createGrpcClient } from '../../../src/rpc/client/grpc-client.ts';
import { sharp } from '../../../src/scoring/decoding/image-library.ts';
import { tinySize, writeTinyGate, writeTinyManifest, writeTinyModel } from '../../interop/tiny-onnx.ts';
import { servePalate, temporaryFolder } from '../../servers/palate-process.ts';
import { writePipeline } from '../models/pipeline-folder.ts';
import { numbers, type Request } from './open-inference.ts';
import { swapUnderLoad } from './swap-load.ts';

const swaps = 100;
const repository = await temporaryFolder({ after });
const home = await writeTinyModel(repository, 'tiny', [1, 2]);
await writeTinyModel(repository, 'broken', [1]);
const gate = await writeTinyGate(repository, 'gate', { names: ['Food', 'None'], first: { always: 1, red: 0 } });
const steps = `  - { model: gate }
  - { model: tiny, when: gate.label == "Food", otherwise: NOT_FOOD }
`;
const pipeline = await writePipeline(repository, 'meals', steps);
await writeFile(join(repository, 'broken', '1', 'model.onnx'), 'no model');
const server = await servePalate(
  { after },
  {
    args: [
      ...['--roles', 'ingest,scoring', '--set', `scoring.models.folders=${home},${gate},${pipeline}`],
      ...['--set', `scoring.models.repository=${repository}`, '--set', 'scoring.models.instances=1'],
    ],
  },
);
const inference = createGrpcClient(GRPCInferenceService, server.grpc);
const scoring = createGrpcClient(ScoringService, server.grpc);
after(() => {
  inference.close();
  scoring.close();
});

const answered = { infer: 0, stream: 0, score: 0, pipeline: 0 };
const versions = new Set<string>();
let isOver = false;
let colour = 0;

/** Images of one colour each, all different. */
function nextRequest(): { readonly colours: readonly number[]; readonly request: Request } {
  const colours = Array.from({ length: 1 + (colour % 3) }, () => colour++ % 251);
  const each = tinySize ** 2 * 3;
  const raw = new Uint8Array(colours.length * each);
  for (const [index, value] of colours.entries()) raw.fill(value, index * each, (index + 1) * each);
  const shape = [colours.length, tinySize, tinySize, 3].map(BigInt);
  return {
    colours,
    request: {
      modelName: 'tiny',
      inputs: [{ name: 'image', datatype: 'UINT8', shape }],
      rawInputContents: [raw],
    },
  };
}

function checkAnswer(answer: ModelInferResponse, colours: readonly number[]): void {
  const version = Number(answer.modelVersion);
  assert.deepEqual(numbers(answer, 'version'), Array(colours.length).fill(version));
  const means = numbers(answer, 'mean');
  for (const [index, value] of colours.entries()) assert.ok(Math.abs(means[index * 3]! - value) < 0.01);
  versions.add(answer.modelVersion);
}

async function askOneByOne(): Promise<void> {
  while (!isOver) {
    const { colours, request } = nextRequest();
    checkAnswer(await inference.call.modelInfer(request), colours);
    answered.infer++;
  }
}

async function askOnAStream(): Promise<void> {
  const asked: (readonly number[])[] = [];
  async function* requests() {
    while (!isOver) {
      const { colours, request } = nextRequest();
      asked.push(colours);
      yield request;
    }
  }
  for await (const { errorMessage, inferResponse } of inference.call.modelStreamInfer(requests())) {
    assert.equal(errorMessage, '');
    checkAnswer(inferResponse!, asked[answered.stream]!);
    answered.stream++;
  }
}

async function scorePhotos(name: 'tiny' | 'meals', how: 'score' | 'pipeline'): Promise<void> {
  for (let photo = 0; !isOver; photo++) {
    const background = { r: photo % 256, g: (photo >> 8) % 256, b: name.length };
    const value = await sharp({ create: { width: 9, height: 9, channels: 3, background } })
      .png()
      .toBuffer();
    const answer = await scoring.call.score({ model: name, image: { case: 'imageBytes', value } });
    assert.equal(answer.rejection, undefined);
    assert.equal(answer.model!.name, name);
    const { version } = name === 'tiny' ? answer.model! : answer.model!.steps[1]!;
    assert.equal(answer.labels[0]?.name, Number(version) % 2 === 1 ? 'Apple' : 'Pear');
    versions.add(version);
    answered[how]++;
  }
}

test(`${swaps} swaps under load: no failed and no mixed answer`, async () => {
  const begun = performance.now();
  const asking = [askOneByOne(), askOneByOne(), askOneByOne(), askOnAStream()];
  const load = Promise.all([...asking, scorePhotos('tiny', 'score'), scorePhotos('meals', 'pipeline')]);
  let failure: unknown;
  load.catch((error: unknown) => {
    failure ??= error;
    isOver = true;
  });
  for (let swap = 1; swap <= swaps && failure === undefined; swap++) {
    const version = 1 + (swap % 2);
    await writeTinyManifest(home, 'tiny', version);
    await inference.call.repositoryModelLoad({ modelName: 'tiny' });
    assert.deepEqual((await inference.call.modelMetadata({ name: 'tiny' })).versions, [String(version)]);
    if (swap % 20 === 0) {
      await assert.rejects(inference.call.repositoryModelLoad({ modelName: 'broken' }), { reason: 'MODEL_INVALID' });
    }
  }
  isOver = true;
  await load;
  assert.deepEqual([...versions].sort(), ['1', '2']);
  for (const [how, count] of Object.entries(answered)) assert.ok(count > swaps, `${how}: ${count}`);
  const seconds = ((performance.now() - begun) / 1e3).toFixed(1);
  console.log(`${swaps} swaps in ${seconds} s; answers: ${JSON.stringify(answered)}`);
});

test('the server has nothing to complain of', () => {
  // To load a model takes a second where the machine has much else to do.
  assert.deepEqual(
    server.complaints.filter((line) => !line.includes('a slow call')),
    [],
  );
});

test(`${swaps} swaps within a process, of a model and of a step of a pipeline`, (scope) => swapUnderLoad(scope, swaps));
