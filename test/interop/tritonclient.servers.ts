/** NVIDIA's Python client, unmodified, against a real server: what works with Triton works with this. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { pythonVenv } from '../../scripts/python-venv.ts';
import { createGrpcClient } from '../../src/rpc/client/grpc-client.ts';
import { readManifest } from '../../src/scoring/models/manifest.ts';
import { servePalate, temporaryFolder } from '../servers/palate-process.ts';
import { runProgram } from './run-program.ts';
import { writeTinyModel } from './tiny-onnx.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const food = here('../../models/food');
const photos = ['banana', 'lemon', 'kiwi', 'carrots'].map((name) => here(`../../bench/data/grocery/${name}.jpg`));

const python = join(pythonVenv('tritonclient', here('./tritonclient-requirements.txt')), 'python');
const repository = await temporaryFolder({ after });
const tiny = await writeTinyModel(repository, 'tiny', [1, 2]);
const server = await servePalate(
  { after },
  { args: ['--roles', 'ingest,scoring', '--set', `scoring.models.folders=${food},${tiny}`] },
);

interface Outcome {
  readonly error?: string;
  // biome-ignore lint/suspicious/noExplicitAny: what comes is what the check is about.
  readonly result?: any;
}
let outcomes: Readonly<Record<string, Outcome>> = {};

before(async () => {
  const script = here('./tritonclient-checks.py');
  const { code, stdout, stderr } = await runProgram(python, [script, server.grpc, repository, ...photos]);
  assert.equal(code, 0, stderr);
  outcomes = JSON.parse(stdout);
});

/** What a check gave back that needs a look; the others looked themselves. */
const looks: Readonly<Record<string, (result: Outcome['result']) => void | Promise<void>>> = {
  health: () => undefined,
  metadata: (names) => assert.deepEqual(names.sort(), ['embedding', 'energy', 'food', 'grocery', 'labels']),
  configuration: (outputs) =>
    assert.deepEqual(outputs, { labels: [116], food: [1], energy: [1], embedding: [256], grocery: [81] }),
  tensors_in_batches_of_several_sizes: () => undefined,
  files_of_photos: equalsScore,
  a_png_is_what_its_pixels_are: () => undefined,
  wanted_outputs: (best) => assert.match(best, /^0\.\d{6}:\d+:Banana$/),
  many_callers_at_once: () => undefined,
  compressed_calls: () => undefined,
  asynchronous_calls: () => undefined,
  a_stream: () => undefined,
  statistics: () => undefined,
  repository_control: ([status, message]) => {
    assert.equal(status, 'StatusCode.NOT_FOUND');
    assert.match(message, /'meat' is in no folder of models/);
  },
  errors: (errors) => {
    const expected = {
      model: ['StatusCode.NOT_FOUND', /^Request for unknown model: 'meat' is not found/],
      version: ['StatusCode.NOT_FOUND', /^Request for unknown model: 'food' version 9 is not found/],
      shape: ['StatusCode.INVALID_ARGUMENT', /^unexpected shape for input 'image' for model 'food'/],
      output: ['StatusCode.INVALID_ARGUMENT', /^unexpected inference output 'x' for model 'food'/],
      file: ['StatusCode.INVALID_ARGUMENT', /^input 'image' for model 'food', element 0: the photo is no JPEG/],
      memory: ['StatusCode.UNIMPLEMENTED', /^shared memory is not supported/],
    } as const;
    for (const [name, [status, message]] of Object.entries(expected)) {
      assert.equal(errors[name][0], status, name);
      assert.match(errors[name][1], message);
    }
  },
  timeouts: (statuses) => assert.deepEqual(statuses, ['StatusCode.DEADLINE_EXCEEDED', 'StatusCode.DEADLINE_EXCEEDED']),
};

for (const [name, look] of Object.entries(looks)) {
  test(`tritonclient: ${name.replaceAll('_', ' ')}`, async () => {
    const outcome = outcomes[name];
    assert.ok(outcome !== undefined, 'the script has no such check');
    assert.equal(outcome.error, undefined);
    await look(outcome.result);
  });
}

/** The labels are those of `Score`, for the same files. */
async function equalsScore({ labels }: { readonly labels: readonly (readonly number[])[] }): Promise<void> {
  const client = createGrpcClient(ScoringService, server.grpc);
  const { classes } = readManifest(food);
  for (const [index, photo] of photos.entries()) {
    const image = { case: 'imageBytes' as const, value: await readFile(photo) };
    const scored = await client.call.score({ image });
    assert.ok(scored.labels.length > 0);
    for (const { name, confidence } of scored.labels) {
      const row = classes.findIndex((one) => one.name === name);
      assert.ok(Math.abs(labels[index]![row]! - confidence) < 1e-3, `${photo}: ${name}`);
    }
  }
  client.close();
}

test('the server has nothing to complain of', () => {
  assert.deepEqual(server.complaints, []);
});
