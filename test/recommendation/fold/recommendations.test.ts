import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Recommendations, type RememberedRecommendation } from '../../../src/recommendation/fold/recommendations.ts';
import { ServedItems } from '../../../src/recommendation/fold/served-items.ts';
import { ArchiveReader, type Section } from '../../../src/recommendation/snapshots/archive-reader.ts';
import { ArchiveWriter } from '../../../src/recommendation/snapshots/archive-writer.ts';

type Shown = readonly (readonly [item: number, position: number, strategy: string])[];

/** The same by a map, whose first entry leaves. */
class Model {
  readonly held = new Map<string, { placement: string; shown: Shown; marks: number[] }>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(id: string, placement: string, shown: Shown): void {
    if (this.held.size === this.#max) this.held.delete(this.held.keys().next().value as string);
    this.held.set(id, { placement, shown, marks: shown.map(() => 0) });
  }

  all(): RememberedRecommendation[] {
    return Array.from(this.held, ([id, { placement, shown, marks }]) => ({
      id,
      placement,
      items: shown.map(([item]) => item),
      positions: shown.map(([, position]) => position),
      strategies: shown.map(([, , strategy]) => strategy),
      marks,
    }));
  }
}

function find(recommendations: Recommendations, id: string): number {
  const bytes = Buffer.from(`<${id}>`);
  return recommendations.find(bytes, 1, bytes.length - 1);
}

function add(recommendations: Recommendations, id: string, placement: string, shown: Shown): void {
  const served = new ServedItems();
  for (const [item, position, strategy] of shown) served.add(item, position, strategy);
  const bytes = Buffer.from(`<${id}>`);
  recommendations.add(bytes, 1, bytes.length - 1, placement, served);
}

function saved(recommendations: Recommendations): Map<string, Section> {
  const sections = new Map<string, Section>();
  recommendations.persist(
    new ArchiveWriter((name, type, content) => {
      sections.set(name, { type, content: Uint8Array.from(content).buffer });
    }),
  );
  return sections;
}

function restored(recommendations: Recommendations, max: number): Recommendations {
  const sections = saved(recommendations);
  const copy = new Recommendations(max);
  const left = new Map(sections);
  copy.persist(new ArchiveReader(left));
  assert.equal(left.size, 0);
  assert.deepEqual(saved(copy), sections);
  return copy;
}

const name = fc.oneof(
  fc.constantFrom('', 'home', 'session', 'trending'),
  fc.string({ unit: 'grapheme', maxLength: 3 }),
);
const number = fc.oneof(fc.nat(9), fc.constantFrom(2 ** 31 - 1, -1));
const shown = fc.array(fc.tuple(number, number, name), { maxLength: 24 });
const step = fc.oneof(
  fc.record({ does: fc.constant('add' as const), id: fc.nat(9).map(String), placement: name, shown }),
  fc.record({
    does: fc.constant('mark' as const),
    id: fc.nat(9).map(String),
    i: fc.nat(23),
    mark: fc.constantFrom(1, 2),
  }),
  fc.record({ does: fc.constant('restart' as const) }),
);

describe('Recommendations', () => {
  it('do what a map does: beyond the bound, with ids that come again, with marks, and through snapshots', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 80 }), (max, steps) => {
        let recommendations = new Recommendations(max);
        const model = new Model(max);
        for (const one of steps) {
          if (one.does === 'restart') {
            recommendations = restored(recommendations, max);
            continue;
          }
          const row = find(recommendations, one.id);
          const expected = model.held.get(one.id);
          assert.equal(row !== -1, expected !== undefined);
          if (one.does === 'add') {
            if (expected !== undefined) continue;
            add(recommendations, one.id, one.placement, one.shown);
            model.add(one.id, one.placement, one.shown);
          } else if (expected !== undefined && one.i < expected.shown.length) {
            const before = expected.marks[one.i]!;
            expected.marks[one.i] = before | one.mark;
            assert.equal(recommendations.mark(row, one.i, one.mark), (before & one.mark) === 0);
          }
          assert.deepEqual([...recommendations.all()], model.all());
        }
        for (const [id, { placement, shown: items }] of model.held) {
          const row = find(recommendations, id);
          assert.deepEqual(
            [recommendations.lengthOf(row), recommendations.placementOf(row)],
            [items.length, placement],
          );
          for (const [i, expected] of items.entries()) {
            const read = [recommendations.itemAt(row, i), recommendations.positionAt(row, i)];
            assert.deepEqual([...read, recommendations.strategyAt(row, i)], expected);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('take no more memory for those that came after the bound', () => {
    const recommendations = new Recommendations(100);
    const sizeAfter = (count: number, from: number) => {
      for (let n = from; n < from + count; n++) {
        add(recommendations, `recommendation-${n}`, `placement ${n}`, [[n, 1, `strategy ${n}`], ...several(n % 40)]);
      }
      const sections = [...saved(recommendations).values()];
      return sections.reduce((bytes, { content }) => bytes + content.byteLength, 0);
    };
    const before = sizeAfter(10_000, 10_000);
    assert.ok(sizeAfter(40_000, 20_000) <= before * 1.05);
    assert.equal([...recommendations.all()].length, 100);
  });

  it('take as many items as the field rule allows', () => {
    const recommendations = new Recommendations(2);
    for (const id of ['a', 'b', 'c']) add(recommendations, id, 'home', several(1_000));
    const [first, second] = recommendations.all();
    assert.deepEqual([first!.id, second!.id, second!.items.length, second!.items[999]], ['b', 'c', 1_000, 999]);
  });
});

function several(count: number): Shown {
  return Array.from({ length: count }, (_, i) => [i, i + 1, 'session']);
}
