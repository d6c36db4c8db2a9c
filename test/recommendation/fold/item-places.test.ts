import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ItemPlaces } from '../../../src/recommendation/fold/item-places.ts';

describe('ItemPlaces', () => {
  it('does what a map does, when places are given again', () => {
    const steps = fc.array(fc.nat(), { maxLength: 3_000, size: 'max' });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 700 }), (chosen, max) => {
        const places = new ItemPlaces();
        const known = new Map<number, number>();
        for (const [item, choice] of chosen.entries()) {
          let place = known.size;
          if (known.size === max) {
            const leaving = [...known.keys()][choice % max]!;
            place = known.get(leaving)!;
            known.delete(leaving);
            places.forget(leaving);
          }
          assert.equal(places.begin(place), item);
          known.set(item, place);
        }
        for (let item = 0; item < chosen.length; item++) {
          if (places.isPlain) assert.equal(places.of(item), item);
          else assert.equal(places.of(item), known.get(item) ?? -1);
        }
        for (const [item, place] of known) assert.equal(places.at(place), item);
        assert.equal(places.isPlain, chosen.length <= max);
        assert.equal(places.size, known.size);
      }),
      { numRuns: 40 },
    );
  });

  it('knows no place of what is no item', () => {
    const places = new ItemPlaces();
    places.begin(0);
    places.forget(0);
    places.begin(0);
    assert.deepEqual(
      [-5, -1, 0, 1, 2, 99].map((item) => places.of(item)),
      [-1, -1, -1, 0, -1, -1],
    );
  });
});
