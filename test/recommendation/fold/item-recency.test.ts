import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ItemRecency } from '../../../src/recommendation/fold/item-recency.ts';

describe('ItemRecency', () => {
  const step = fc.record({ place: fc.nat(29), type: fc.constantFrom('touch', 'touch', 'describe', 'undescribe') });

  it('has the order of the first touches of each stretch, described ones last', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), fc.integer({ min: 30, max: 60 }), (steps, max) => {
        const recency = new ItemRecency(max);
        const lines = { plain: [] as number[], described: [] as number[] };
        const touchedIn = new Map<number, number>();
        let touches = 0;
        const stretch = () => Math.floor(touches++ / Math.floor(max / 8));
        const lineOf = (place: number) => (lines.described.includes(place) ? lines.described : lines.plain);
        const move = (place: number, to: number[]) => {
          const from = lineOf(place);
          from.splice(from.indexOf(place), 1);
          to.push(place);
        };
        for (let place = 0; place < 30; place++) {
          recency.begin(place);
          lines.plain.push(place);
          touchedIn.set(place, stretch());
        }
        for (const { place, type } of steps) {
          if (type === 'touch') {
            recency.touch(place);
            const now = stretch();
            if (touchedIn.get(place) !== now) move(place, lineOf(place));
            touchedIn.set(place, now);
          } else {
            const to = type === 'describe' ? lines.described : lines.plain;
            recency.setDescribed(place, type === 'describe');
            if (lineOf(place) !== to) move(place, to);
          }
        }
        assert.deepEqual([...recency.all()], [...lines.plain, ...lines.described]);
        assert.equal(recency.nextToLeave, [...lines.plain, ...lines.described][0]);
      }),
    );
  });

  it('does not look at touches before it is half full', () => {
    const recency = new ItemRecency(6);
    for (const place of [0, 1]) recency.begin(place);
    recency.touch(0);
    assert.deepEqual([...recency.all()], [0, 1]);
    recency.begin(2);
    recency.touch(0);
    assert.deepEqual([...recency.all()], [1, 2, 0]);
  });

  it('gives a place that was left to another', () => {
    const recency = new ItemRecency(3);
    for (const place of [0, 1, 2]) recency.begin(place);
    recency.setDescribed(0, true);
    assert.equal(recency.nextToLeave, 1);
    recency.end(1);
    recency.begin(1);
    assert.deepEqual([...recency.all()], [2, 1, 0]);
    recency.end(0);
    recency.begin(0);
    assert.deepEqual([...recency.all()], [2, 1, 0]);
    assert.equal(recency.nextToLeave, 2);
  });
});
