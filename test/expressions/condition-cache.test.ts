import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createConditionCache } from '../../src/expressions/condition-cache.ts';

it('compiles a text once, and forgets the one that was not used for longest', () => {
  const compile = createConditionCache(2);
  const first = compile('item.price < 1.0');
  const second = compile('item.price < 2.0');
  assert.equal(compile('item.price < 1.0'), first);
  compile('item.price < 3.0');
  assert.equal(compile('item.price < 1.0'), first);
  assert.notEqual(compile('item.price < 2.0'), second);
});

it('does not keep a text that does not compile', () => {
  const compile = createConditionCache(2);
  assert.throws(() => compile('item.'), { reason: 'INVALID_FILTER' });
  assert.throws(() => compile('item.'), { reason: 'INVALID_FILTER' });
});
