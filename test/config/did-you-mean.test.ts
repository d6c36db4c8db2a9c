import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean, nearest } from '../../src/config/did-you-mean.ts';

const keys = ['port', 'httpPort', 'host', 'roles'];

test('the nearest word is found through a swap, a missing, an extra and a wrong letter, whatever the case', () => {
  for (const word of ['prot', 'pot', 'poort', 'pork', 'PORT']) assert.equal(nearest(word, keys), 'port', word);
});

test('a word that is far from all has no neighbour', () => {
  for (const word of ['banana', '', 'x']) assert.equal(nearest(word, keys), undefined, word);
});

test('the hint is a clause of its own, or nothing', () => {
  assert.equal(didYouMean('prot', keys, '--'), ' (did you mean --port?)');
  assert.equal(didYouMean('banana', keys), '');
});
