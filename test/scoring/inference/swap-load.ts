/** A model that is swapped under load within a process: not one answer fails, and none is of two versions. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { sharp } from '../../../src/scoring/decoding/image-library.ts';
import { temporaryFolder, toyModel } from '../models/model-folder.ts';
import { redPhoto, writePipeline } from '../models/pipeline-folder.ts';
import { toyImage } from '../models/toy-model.ts';
import { openScorer, photo } from '../scorer.ts';
import { numbers, openInference, pixels } from './open-inference.ts';

const versions = ['1', '2', '3'];

/** Swaps a model, which is a step of a pipeline too, so often while it is asked by ModelInfer and by Score. */
export async function swapUnderLoad(scope: TestContext, swaps: number): Promise<void> {
  const root = temporaryFolder(scope);
  const fish = await toyModel(root, 'fish', versions);
  for (const version of versions) await writeFile(join(fish, version, 'model.onnx'), `sees ${version}`);
  const meals = await writePipeline(root, 'meals', '  - { name: one, model: fish }\n  - { name: two, model: fish }\n');
  const { client, models } = await openInference(scope, { folders: [fish, meals], root });
  const score = await scorerOf(scope, models);

  let isOver = false;
  const answered = { infer: 0, files: 0, fish: 0, meals: 0 };
  const seen = new Set<string>();
  const seenAs = (version: string, confidence: number) => {
    assert.equal(Math.round(confidence * 100), Number(version));
    seen.add(version);
  };
  const infer = async (): Promise<void> => {
    for (; !isOver; await pause()) {
      const answer = await client.modelInfer(pixels([toyImage(1), toyImage(2), toyImage(3)]));
      const labels = numbers(answer, 'labels');
      for (const index of [0, 2, 4]) seenAs(answer.modelVersion, labels[index]!);
      answered.infer++;
    }
  };
  // Between their decoding and their batch the model may be another one.
  const inputs = [{ name: 'image', datatype: 'BYTES', shape: [1n] }];
  const file = await sharp({ create: { width: 400, height: 400, channels: 3, background: '#323c46' } })
    .png()
    .toBuffer();
  const inferFiles = async (): Promise<void> => {
    for (; !isOver; await pause()) {
      const answer = await client.modelInfer(pixels([], { inputs, rawInputContents: [file] }));
      seenAs(answer.modelVersion, numbers(answer, 'labels')[0]!);
      answered.files++;
    }
  };
  const scorePhotos = async (model: 'fish' | 'meals'): Promise<void> => {
    for (; !isOver; await pause()) {
      const { kept } = await score(photo(await redPhoto(100), { model }));
      const { record } = kept!;
      const judges = model === 'fish' ? [record.model!] : record.model!.steps;
      assert.equal(judges.length, model === 'fish' ? 1 : 2);
      for (const { version } of judges) seenAs(version, record.labels[0]!.confidence);
      answered[model]++;
    }
  };
  const load = Promise.all([infer(), infer(), inferFiles(), scorePhotos('fish'), scorePhotos('meals')]);
  load.catch(() => {
    isOver = true;
  });
  for (let swap = 0; swap < swaps && !isOver; swap++) {
    await rename(fish, versions[swap % versions.length]!);
    await client.repositoryModelLoad({ modelName: 'fish' });
  }
  isOver = true;
  await load;
  assert.deepEqual([...seen].sort(), versions);
  for (const [how, count] of Object.entries(answered)) assert.ok(count > swaps, `${how}: ${count}`);
}

/** Leaves the new version's thread some of the machine. */
const pause = () => wait(3);

/** Makes this version the one that answers. */
async function rename(folder: string, version: string): Promise<void> {
  const shape = '[n, 2, 2, 3], layout: NHWC, colours: RGB, fit: cover, kernel: cubic';
  await writeFile(
    join(folder, 'model.yaml'),
    `name: fish
version: ${version}
format: onnx
input: { name: image, type: uint8, shape: ${shape} }
outputs: { labels: { type: float32, shape: [n, 2] } }
classes: classes.csv
food_threshold: 0.5
`,
  );
}

async function scorerOf(scope: TestContext, models: Awaited<ReturnType<typeof openInference>>['models']) {
  const scorer = await openScorer([]);
  scope.after(() => scorer.close());
  return scorer.pipeline({ models });
}
