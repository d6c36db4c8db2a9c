import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { append, chained, each, type Linked, lengthOf, without } from '../../../src/recommendation/fold/chain.ts';

interface One extends Linked<One> {
  readonly name: number;
}

const some = (count: number): One[] => Array.from({ length: count }, (_, name) => ({ name, next: undefined }));

describe('a chain', () => {
  it('holds what a set would, in its order', () => {
    const step = fc.tuple(fc.boolean(), fc.nat(5));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const all = some(6);
        let first: One | undefined;
        const model = new Set<One>();
        for (const [isAdded, name] of steps) {
          const one = all[name]!;
          first = isAdded ? append(first, one) : without(first, one);
          if (isAdded) model.add(one);
          else model.delete(one);
          assert.deepEqual(
            Array.from(each(first), (held) => held.name),
            Array.from(model, (held) => held.name),
          );
          assert.equal(lengthOf(first), model.size);
        }
        for (const one of all) if (!model.has(one)) assert.equal(one.next, undefined);
      }),
    );
  });

  it('is made of an array in its order, whatever was linked before', () => {
    const all = some(3);
    chained(all);
    assert.deepEqual(
      Array.from(each(chained(all.toReversed())), ({ name }) => name),
      [2, 1, 0],
    );
    assert.equal(chained([]), undefined);
  });
});
