import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isPipeline, readPipeline } from '../../../src/scoring/models/pipeline-manifest.ts';
import { temporaryFolder } from './model-folder.ts';
import { writePipeline } from './pipeline-folder.ts';

async function read(test: TestContext, steps: string) {
  return readPipeline(await writePipeline(temporaryFolder(test), 'meals', steps));
}

describe('pipeline.yaml', () => {
  it('has steps in order, with conditions from the second on', async (test) => {
    const { name, version, steps } = await read(
      test,
      `  - { model: gate, version: 3 }
  - { name: last, model: food-2, when: 'gate.food > 0.5', otherwise: NOT_FOOD, message: No. }
`,
    );
    assert.deepEqual([name, version], ['meals', '1']);
    const refusal = { reason: 'NOT_FOOD', message: 'No.' };
    assert.deepEqual(steps, [
      { name: 'gate', model: 'gate', version: '3', gate: undefined },
      { name: 'last', model: 'food-2', version: '', gate: { when: 'gate.food > 0.5', refusal } },
    ]);
  });

  it('says what is wrong with it, and where', async (test) => {
    const wrong: Readonly<Record<string, RegExp>> = {
      '  - { model: food-2 }\n': /step 1: conditions can't call it "food-2"/,
      '  - { model: in }\n': /step 1: conditions can't call it "in"/,
      '  - { name: true, model: food }\n': /steps\.0\.name/,
      '  - { name: null_, model: food }\n  - { name: null_, model: gate }\n':
        /step 1: another|step 2: another step is called null_/,
      '  - { model: food, when: 1 > 0, otherwise: NOT_FOOD }\n': /step 1: when needs a step before/,
      '  - { model: food, otherwise: NOT_FOOD }\n': /step 1: otherwise and message belong to a condition/,
      '  - { model: gate }\n  - { model: food, when: gate.food > 0 }\n': /step 2: .*"otherwise: NOT_FOOD" is missing/,
      '  - { model: gate }\n  - { model: food, when: x, otherwise: BLURRED }\n':
        /steps\.1\.otherwise: it must be NOT_FOOD/,
      '  - { model: food, then: next }\n': /steps\.0: .*then/,
      '  []\n': /steps: /,
      '  - model: [\n': /pipeline\.yaml: /,
    };
    for (const [steps, message] of Object.entries(wrong)) {
      await assert.rejects(read(test, steps), { reason: 'MODEL_INVALID', message }, steps);
    }
  });

  it('makes a folder that of a pipeline', async (test) => {
    const folder = temporaryFolder(test);
    await mkdir(join(folder, 'model'));
    await writeFile(join(folder, 'model', 'model.yaml'), '');
    assert.deepEqual(
      [isPipeline(join(folder, 'model')), isPipeline(await writePipeline(folder, 'p', '')), isPipeline('/nowhere')],
      [false, true, false],
    );
  });
});
