import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readClasses } from '../../../src/scoring/models/model-class.ts';
import { foodFolder, temporaryFolder } from './model-folder.ts';

describe('readClasses', () => {
  it("reads the shipped model's: 81 groceries, other food, and what is none", () => {
    const classes = readClasses(join(foodFolder, 'classes.csv'));
    assert.deepEqual(classes[0], { name: 'Golden-Delicious', kind: 'grocery', coarse: 'Apple', score: 5 });
    assert.deepEqual(classes.at(-1), { name: 'Other', kind: 'other', coarse: '', score: undefined });
    assert.equal(classes.filter(({ kind }) => kind === 'grocery').length, 81);
    assert.ok(classes.every(({ kind, score }) => (kind === 'other') === (score === undefined)));
  });

  it('needs no column but name, kind and score, in any order, and takes quotes', async (test) => {
    const file = join(temporaryFolder(test), 'classes.csv');
    await writeFile(file, 'score,name,kind\r\n4.5,"Fish, fried",dish\r\n');
    assert.deepEqual(readClasses(file), [{ name: 'Fish, fried', kind: 'dish', coarse: '', score: 4.5 }]);
  });

  const mistakes: readonly [text: string, problem: RegExp][] = [
    ['name,kind\nA,dish\n', /it has no column score/],
    ['name,kind,score\nA,meal,3\n', /line 2: kind is "meal"; it must be grocery, food, dish, other/],
    ['name,kind,score\nA,dish,3\nB,dish,6\n', /line 3: score is "6"; it must be 1 to 5/],
    ['name,kind,score\nA,dish,\n', /line 2: score is ""/],
    ['name,kind,score\nA,other,3\n', /line 2: score is "3"; the kind other has none/],
    ['name,kind,score\nA,dish,3\nA,dish,3\n', /A is there twice/],
    ['name,kind,score\n,dish,3\n', /line 2: name is empty/],
    ['name,kind,score\nA,dish\n', /Invalid Record Length.*line 2/],
  ];
  for (const [text, problem] of mistakes) {
    it(`refuses ${JSON.stringify(text)}`, async (test) => {
      const file = join(temporaryFolder(test), 'classes.csv');
      await writeFile(file, text);
      assert.throws(() => readClasses(file), { reason: 'MODEL_INVALID', message: problem });
    });
  }
});
