import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Interaction, Interactions } from '../../../src/recommendation/fold/interactions.ts';
import { ArchiveReader, type Section } from '../../../src/recommendation/snapshots/archive-reader.ts';
import { ArchiveWriter } from '../../../src/recommendation/snapshots/archive-writer.ts';

const interaction = fc.record(
  {
    item: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 99_999_999 })),
    eventType: fc.integer({ min: 1, max: 127 }),
    // Up to the year 2255 each microsecond is a number of its own.
    occurredAtMicros: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  },
  { noNullPrototype: true },
);
const person = fc.integer({ min: 0, max: 5 });
const step = fc.oneof(
  { weight: 30, arbitrary: fc.record({ kind: fc.constant('add' as const), person, what: interaction }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('merge' as const), person, to: person }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), person }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The same with arrays. */
function followed(steps: readonly Step[], bound: number): Interaction[][] {
  const people: Interaction[][] = Array.from({ length: 6 }, () => []);
  for (const one of steps) {
    if (one.kind === 'add') people[one.person] = [...people[one.person]!, one.what].slice(-bound);
    else if (one.kind === 'clear') people[one.person] = [];
    else if (one.person !== one.to && people[one.person]!.length > 0) {
      const joined = [...people[one.to]!, ...people[one.person]!];
      people[one.to] = joined.sort((a, b) => a.occurredAtMicros - b.occurredAtMicros).slice(-bound);
      people[one.person] = [];
    }
  }
  return people;
}

function apply(to: Interactions, one: Step): void {
  if (one.kind === 'add') to.add(one.person, one.what.item, one.what.eventType, one.what.occurredAtMicros);
  else if (one.kind === 'clear') to.clear(one.person);
  else if (one.person !== one.to) to.merge(one.person, one.to);
}

function heldIn(interactions: Interactions): Interaction[][] {
  return Array.from({ length: 6 }, (_, at) => interactions.all(at));
}

/** What is read from a snapshot of them. */
function restored(interactions: Interactions, bound: number): Interactions {
  const sections = new Map<string, Section>();
  const sink = (name: string, type: number, content: Uint8Array) =>
    sections.set(name, { type, content: new Uint8Array(content).buffer });
  interactions.persist(new ArchiveWriter(sink));
  const copy = new Interactions(bound);
  copy.persist(new ArchiveReader(sections));
  assert.equal(sections.size, 0);
  return copy;
}

describe('Interactions', () => {
  it('hold the newest of each person, whatever is added, merged and cleared, also by way of a snapshot', () => {
    const bounds = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), bounds, fc.nat(300), (steps, bound, snapshotAt) => {
        let interactions = new Interactions(bound);
        for (const [at, one] of steps.entries()) {
          if (at === snapshotAt) interactions = restored(interactions, bound);
          apply(interactions, one);
        }
        const expected = followed(steps, bound);
        assert.deepEqual(heldIn(interactions), expected);
        for (const [at, of] of expected.entries()) {
          assert.equal(interactions.count(at), of.length);
          for (let item = 0; item <= 20; item++) {
            assert.equal(
              interactions.includes(at, item),
              of.some((one) => one.item === item),
            );
          }
        }
      }),
    );
  });

  it('hold the last microseconds of the year 9999 as well as a number can', () => {
    const interactions = new Interactions(10);
    interactions.add(0, 99_999_999, 91, 253_402_300_799_999_000);
    assert.deepEqual(interactions.all(0), [
      { item: 99_999_999, eventType: 91, occurredAtMicros: 253_402_300_799_999_000 },
    ]);
  });
});
