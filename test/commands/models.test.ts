import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RunningServer, startServer } from '../../scripts/server-process.ts';
import { foodFolder } from '../scoring/models/model-folder.ts';
import { writePipeline } from '../scoring/models/pipeline-folder.ts';
import { run } from './run.ts';

let folder: string;
let server: RunningServer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-models-'));
  // A device in software may stand in for a GPU elsewhere; cuda needs a library that is not there.
  const pipeline = await writePipeline(
    folder,
    'menu',
    '  - { name: first, model: food }\n  - { model: food, when: first.food > 0.9, otherwise: NOT_FOOD }\n',
  );
  const folders = `scoring.models.folders=${foodFolder},${pipeline}`;
  const args = ['--set', 'scoring.models.instances=2', '--set', 'scoring.models.provider=cuda', '--set', folders];
  server = await startServer({ dataFolder: join(folder, 'data'), args });
});

after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

test('a line an instance; what it runs on, and that it was to be another', async () => {
  const { code, stdout, stderr } = await run(['models', '--address', server.grpc]);
  assert.equal(code, 0, stderr);
  const [models = '', pipelines = ''] = stdout.split('\n\n');
  const [titles, ...lines] = models.split('\n');
  assert.match(titles!, /^model +version +runs on +instance +ms an image +ms a batch +at most +images +batches$/);
  assert.equal(lines.length, 2);
  for (const [index, line] of lines.entries()) {
    assert.match(
      line,
      new RegExp(`^food +1 +default +cpu, not cuda +food-1-${index} +\\d+\\.\\d\\d +\\d+\\.\\d\\d +4 +0 +0$`),
    );
  }
  assert.match(pipelines, /^menu +1 +first +food 1$/m);
  assert.match(pipelines, /^menu +1 +food +food 1 +first\.food > 0\.9, otherwise NOT_FOOD$/m);
});

test('--json has the labels too', async () => {
  const { stdout } = await run(['models', '--address', server.grpc, '--json']);
  const { models } = JSON.parse(stdout);
  assert.deepEqual([models.length, models[0].labels.length, models[0].instances.length], [1, 116, 2]);
});

test('a server that is told no roles has all, and each is serving', async () => {
  const { health } = JSON.parse((await run(['status', '--address', server.grpc, '--json'])).stdout);
  assert.partialDeepStrictEqual(health, {
    all: 'serving',
    'palate.ingest.v1.IngestService': 'serving',
    'palate.recommendation.v1.RecommendationService': 'serving',
    'palate.scoring.v1.ScoringService': 'serving',
  });
});

test('no server is code 3', async () => {
  assert.equal((await run(['models', '--address', '127.0.0.1:1'])).code, 3);
});
