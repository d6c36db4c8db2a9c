import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ItemPlaces } from '../../../src/recommendation/fold/item-places.ts';
import { Loop } from '../../../src/recommendation/fold/loop.ts';
import { ServedItems } from '../../../src/recommendation/fold/served-items.ts';

const places = 5;
const strategies = ['', 'session', 'trending'];

/** One item of a recommendation, of how the model remembers it. */
interface Shown {
  readonly item: number;
  readonly position: number;
  readonly strategy: string;
  seen: boolean;
  clicked: boolean;
}

/** What is to be counted, event by event, over all that was ever said. */
class Model {
  readonly remembered = new Map<string, Shown[]>();
  readonly counts = new Map<string, number>();

  count(shown: Shown, what: 'served' | 'seen' | 'clicked', held: readonly number[]): void {
    for (const key of [`${shown.strategy} ${what}`, ...(held.includes(shown.item) ? [`${shown.item} ${what}`] : [])]) {
      this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    }
  }

  see(shown: Shown, held: readonly number[]): void {
    if (!shown.seen) this.count(shown, 'seen', held);
    shown.seen = true;
  }

  click(shown: Shown, held: readonly number[]): void {
    this.see(shown, held);
    if (!shown.clicked) this.count(shown, 'clicked', held);
    shown.clicked = true;
  }

  triple(of: string | number): { served: number; seen: number; clicked: number } {
    const [served, seen, clicked] = ['served', 'seen', 'clicked'].map((what) => this.counts.get(`${of} ${what}`) ?? 0);
    return { served: served!, seen: seen!, clicked: clicked! };
  }
}

const place = fc.nat(places - 1);
const id = fc.nat(4).map((n) => `r${n}`);
const step = fc.oneof(
  fc.record({
    does: fc.constant('serve' as const),
    id,
    shown: fc.array(fc.tuple(place, fc.integer({ min: 1, max: 4 }), fc.constantFrom(...strategies)), { maxLength: 6 }),
  }),
  fc.record({
    does: fc.constant('see' as const),
    id,
    positions: fc.oneof(
      fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
      fc.constant(Array.from({ length: 40 }, (_, i) => i + 2)),
    ),
  }),
  fc.record({ does: fc.constant('click' as const), id, place }),
  fc.record({ does: fc.constant('forget' as const), place }),
);

describe('Loop', () => {
  it('counts what a naive model counts, whatever was forgotten meanwhile', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (max, steps) => {
        const items = new ItemPlaces();
        /** By place: the item there. */
        const held = Array.from({ length: places }, (_, at) => items.begin(at));
        const loop = new Loop(max, 100, items);
        const model = new Model();
        for (const one of steps) {
          if (one.does === 'forget') {
            loop.forget(held[one.place]!);
            items.forget(held[one.place]!);
            held[one.place] = items.begin(one.place);
            continue;
          }
          const bytes = Buffer.from(one.id);
          const known = model.remembered.get(one.id);
          if (one.does === 'serve') {
            const served = new ServedItems();
            for (const [at, position, strategy] of one.shown) served.add(held[at]!, position, strategy);
            loop.serve(bytes, 0, bytes.length, 'home', served);
            if (known !== undefined) continue;
            if (model.remembered.size === max) model.remembered.delete(model.remembered.keys().next().value as string);
            const shown = one.shown.map(([at, position, strategy]) => ({ item: held[at]!, position, strategy }));
            const unmarked = shown.map((each) => ({ ...each, seen: false, clicked: false }));
            model.remembered.set(one.id, unmarked);
            for (const each of unmarked) model.count(each, 'served', held);
          } else if (one.does === 'see') {
            loop.see(bytes, 0, bytes.length, one.positions);
            const isSeen = ({ position }: Shown) => one.positions.length === 0 || one.positions.includes(position);
            for (const each of known?.filter(isSeen) ?? []) model.see(each, held);
          } else {
            loop.click(bytes, 0, bytes.length, held[one.place]!);
            const clicked = known?.find(({ item }) => item === held[one.place]);
            if (clicked !== undefined) model.click(clicked, held);
          }
        }
        for (const strategy of strategies) assert.deepEqual(loop.countsOf('home', strategy), model.triple(strategy));
        for (const item of held) assert.deepEqual(loop.itemCounts(item), model.triple(item));
        assert.deepEqual(
          Array.from(loop.recommendations(), (one) => [one.id, one.items, one.marks]),
          Array.from(model.remembered, ([key, shown]) => [
            key,
            shown.map(({ item }) => item),
            shown.map(({ seen, clicked }) => Number(seen) + 2 * Number(clicked)),
          ]),
        );
      }),
      { numRuns: 300 },
    );
  });
});
