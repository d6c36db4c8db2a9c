import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeldNames } from '../../../src/recommendation/fold/held-names.ts';

describe('HeldNames', () => {
  it('keeps a name till the last who held it let go, and gives its number again', () => {
    const names = new HeldNames();
    const [first, second] = [names.hold('a'), names.hold('b')];
    assert.equal(names.hold('a'), first);
    names.holdAgain(first);
    for (let holders = 3; holders > 0; holders--) {
      assert.equal(names.nameOf(first), 'a');
      names.release(first);
    }
    assert.equal(names.nameOf(first), '');
    assert.equal(names.hold('c'), first);
    assert.deepEqual([names.nameOf(first), names.nameOf(second), names.hold('a')], ['c', 'b', 2]);
  });
});
