import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { exampleProblem } from '../../../src/scoring/judgement/tip-examples.ts';
import { readTipFile } from '../../../src/scoring/judgement/tip-file.ts';
import { loadTips } from '../../../src/scoring/judgement/tips.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`../../../models/food/${name}`, import.meta.url));
const classes = parse<{ name: string; coarse: string; score: string }>(readFileSync(pathOf('classes.csv')), {
  columns: true,
});
const names = new Set(classes.map(({ name }) => name));
const groupOf = (label: string) => classes.find(({ name }) => name === label)?.coarse || label;

describe('the rules that are shipped', () => {
  for (const rule of readTipFile(pathOf('tips.yaml'))) {
    for (const [at, example] of rule.examples.entries()) {
      it(`${rule.id} ${example.applies ? 'applies' : 'does not apply'} in its example ${at + 1}`, () => {
        assert.equal(exampleProblem(rule, example, groupOf, names), undefined);
      });
    }
  }

  it('have something to say of every food, at every hour', () => {
    const tips = loadTips(pathOf('tips.yaml'), classes);
    for (const { name, score } of classes.filter(({ score }) => score !== '')) {
      for (const hour of [2, 7, 12, 18, 23]) {
        const labels = [{ name, confidence: 0.9 }];
        const rule = tips.ruleFor({
          labels,
          score: Number(score),
          uncertainty: 0.1,
          hour,
          weekday: 'sunday',
          meals: [],
        });
        assert.ok(rule !== undefined, `${name} at ${hour}`);
      }
    }
  });

  it('name in their conditions only what the model can name', () => {
    const groups = new Set(classes.map(({ coarse }) => coarse));
    const known = new Set([...names, ...groups, 'saturday', 'sunday', 'Vanilla', 'Strawberry', 'Blueberry']);
    for (const { id, condition } of readTipFile(pathOf('tips.yaml'))) {
      for (const [, word] of condition.text.matchAll(/"([^"]*)"/g)) assert.ok(known.has(word ?? ''), `${id}: ${word}`);
    }
  });
});
