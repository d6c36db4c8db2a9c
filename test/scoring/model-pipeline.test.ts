/** Photos scored by a pipeline of models: a gate, then a scorer. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { MealScored } from '../../gen/palate/event/v1/meal_pb.ts';
import type { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import type { Client } from '../../src/rpc/client/client.ts';
import { createMemoryClient } from '../../src/rpc/client/memory-client.ts';
import { silentLog } from '../../src/rpc/log.ts';
import type { PhotoAnswer } from '../../src/scoring/pipeline.ts';
import { temporaryFolder } from './models/model-folder.ts';
import { gateAndScorer, redMeals, redPhoto, writePipeline } from './models/pipeline-folder.ts';
import { imagesRun, journalled, type OpenScorer, openScorer, photo } from './scorer.ts';
import { serviceOf } from './scoring-service.ts';

const folder = temporaryFolder({ after });
let scorer: OpenScorer;
let score: ReturnType<OpenScorer['pipeline']>;
let tenants = 0;

before(async () => {
  scorer = await openScorer(await redMeals(folder));
  score = scorer.pipeline();
});
after(() => scorer.close());

const newTenant = () => `tenant-${++tenants}`;

const judges = ({ kept }: PhotoAnswer) => {
  const { name, version, steps } = kept!.record.model!;
  return [`${name} ${version}`, ...steps.map((step) => `${step.name} ${step.version}`)];
};

async function ran(work: () => Promise<unknown>): Promise<number> {
  const before = imagesRun(scorer);
  await work();
  return imagesRun(scorer) - before;
}

describe('a photo that passes the gate', () => {
  test('is scored by the last model; answer, record and journal say who judged', async () => {
    const tenant = newTenant();
    const answer = await score(photo(await redPhoto(200), { userId: 'ada' }), { tenant });
    const all = ['meals 1', 'red-gate 1', 'scorer 1'];
    assert.deepEqual(judges(answer), all);
    assert.deepEqual(
      answer.kept!.record.labels.map(({ name }) => name),
      ['Apple', 'Pear'],
    );
    assert.ok(answer.kept!.record.score! > 4.8);
    assert.equal(answer.times.batchImages, 1);
    const kept = await scorer.records.get(tenant, answer.kept!.record.imageId);
    assert.deepEqual(judges({ ...answer, kept }), all);
    while (scorer.outbox.places > 0) await new Promise((resolve) => setImmediate(resolve));
    const [record] = await journalled(scorer.palate, tenant);
    const { model } = record!.event!.payload.value as MealScored;
    assert.deepEqual(
      [model!.name, ...model!.steps.map(({ name, version }) => `${name} ${version}`)],
      ['meals', 'red-gate 1', 'scorer 1'],
    );
  });

  test('is decoded once for each size that its models want', async () => {
    const sizes: number[] = [];
    const decoder: OpenScorer['decoder'] = {
      decode: (bytes, input, options) => {
        sizes.push(input.size);
        return scorer.decoder.decode(bytes, input, options);
      },
    };
    await scorer.pipeline({ decoder })(photo(await redPhoto(200)), { tenant: newTenant() });
    assert.deepEqual(sizes, [16, 8]);
    await writePipeline(
      folder,
      'twice',
      '  - { name: one, model: scorer }\n  - { name: two, model: scorer, version: 2 }\n',
    );
    await scorer.models.load({ folder: `${folder}/scorer`, version: '2', instances: 1, log: silentLog });
    scorer.models.servePipeline(`${folder}/twice`);
    const twice = await scorer.pipeline({ decoder })(photo(await redPhoto(200), { model: 'twice' }), {
      tenant: newTenant(),
    });
    assert.deepEqual(sizes, [16, 8, 8]);
    assert.deepEqual(judges(twice), ['twice 1', 'scorer 1', 'scorer 2']);
    assert.equal(twice.kept!.record.labels[0]!.name, 'Pear');
    assert.equal((await scorer.models.unload('scorer', '2').catch((error) => error)).reason, 'MODEL_IN_USE');
    assert.ok(scorer.models.removePipeline('twice'));
  });

  test('takes the times of all its steps, and shares one deadline', async () => {
    const answer = await score(photo(await redPhoto(200)), { tenant: newTenant() });
    const statistics = scorer.models.list().map(({ model }) => model.statistics);
    assert.ok(answer.times.inferenceMicros > 0 && answer.times.decodeMicros > 0);
    for (const { success } of statistics.slice(0, 2)) assert.ok(success.count >= 2);
    await assert.rejects(score(photo(await redPhoto(200)), { deadlineMillis: 0 }), { reason: 'DEADLINE_EXCEEDED' });
  });
});

describe('a photo that does not pass the gate', () => {
  test('is refused in the gate’s name, and no other model looks at it', async () => {
    const tenant = newTenant();
    const bytes = await redPhoto(60);
    let answer: PhotoAnswer | undefined;
    assert.equal(await ran(async () => (answer = await score(photo(bytes), { tenant }))), 1);
    assert.deepEqual(judges(answer!), ['meals 1', 'red-gate 1']);
    assert.equal(answer!.rejection?.reason, 'NOT_FOOD');
    assert.match(answer!.rejection.message, /No food was found/);
    assert.equal(answer!.kept!.record.score, undefined);
    assert.equal(await ran(() => score(photo(bytes), { tenant })), 0, 'it is remembered');
  });

  test('may be told something else, and may be scored by a model alone', async () => {
    const steps = `${gateAndScorer}    message: Only red food.\n`;
    scorer.models.servePipeline(await writePipeline(folder, 'red-only', steps));
    const bytes = await redPhoto(60);
    const tenant = newTenant();
    const refused = await score(photo(bytes, { model: 'red-only' }), { tenant });
    assert.equal(refused.rejection?.message, 'Only red food.');
    const scored = await score(photo(bytes, { model: 'scorer' }), { tenant });
    assert.deepEqual(judges(scored), ['scorer 1']);
    scorer.models.removePipeline('red-only');
    await assert.rejects(score(photo(bytes, { model: 'red-only' })), {
      reason: 'MODEL_UNKNOWN',
      message: /red-only is not loaded; loaded: .*meals 1/,
    });
    await assert.rejects(score(photo(bytes, { model: 'meals', modelVersion: '7' })), {
      reason: 'MODEL_UNKNOWN',
      message: /meals 7 is not loaded; meals is a pipeline of red-gate, scorer, version 1/,
    });
  });

  test('that can’t be read is refused as ever', async () => {
    const answer = await score(photo(Buffer.from('nothing')), { tenant: newTenant() });
    assert.equal(answer.rejection?.reason, 'UNREADABLE');
  });
});

describe('what is remembered of a photo', () => {
  test('holds for the same models only', async () => {
    const tenant = newTenant();
    const bytes = await redPhoto(220);
    const source = { folder: `${folder}/scorer`, instances: 1, log: silentLog };
    await score(photo(bytes), { tenant });
    assert.equal(await ran(() => score(photo(bytes), { tenant })), 0);
    await scorer.models.replace({ name: 'scorer', versions: ['2'], defaultVersion: '2' }, source);
    const anew = await score(photo(bytes), { tenant });
    assert.deepEqual([anew.isDeduplicated, judges(anew)], [false, ['meals 1', 'red-gate 1', 'scorer 2']]);
    assert.equal(anew.kept!.record.labels[0]!.name, 'Pear');
    assert.equal(await ran(() => score(photo(bytes), { tenant })), 0);
    await scorer.models.replace({ name: 'scorer', versions: ['1'], defaultVersion: '1' }, source);
  });
});

describe('callers', () => {
  test('see pipelines beside models', async () => {
    const client: Client<typeof ScoringService> = createMemoryClient(serviceOf(scorer));
    const { models, pipelines } = await client.listModels({});
    assert.deepEqual(
      models.map(({ model }) => model!.name),
      ['red-gate', 'scorer'],
    );
    const [{ model, isDefault, steps }] = pipelines as [(typeof pipelines)[0]];
    assert.deepEqual(
      [model!.name, isDefault, model!.steps.map(({ name }) => name)],
      ['meals', true, ['red-gate', 'scorer']],
    );
    assert.deepEqual(
      steps.map(({ name, when, otherwise }) => [name, when, otherwise]),
      [
        ['gate', '', ''],
        ['scorer', 'gate.labels["Red"] >= 0.5', 'NOT_FOOD'],
      ],
    );
    const image = { case: 'imageBytes', value: await redPhoto(200) } as const;
    const answer = await client.score({ image }, { tenant: newTenant() });
    assert.deepEqual(
      answer.model!.steps.map(({ name, version }) => `${name} ${version}`),
      ['red-gate 1', 'scorer 1'],
    );
  });
});
