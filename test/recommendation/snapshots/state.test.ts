import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Event } from '../../../gen/palate/event/v1/event_pb.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { defaultFoldSettings } from '../../../src/recommendation/fold/settings.ts';
import { createState, type State } from '../../../src/recommendation/fold/state.ts';
import { ArchiveReader, type Section } from '../../../src/recommendation/snapshots/archive-reader.ts';
import { ArchiveWriter } from '../../../src/recommendation/snapshots/archive-writer.ts';
import { anyEvent, anyJournal } from '../fold/any-event.ts';
import { apply } from '../fold/events.ts';
import { differences } from './same-state.ts';

/** Small bounds, so that everything that can leave leaves. */
const tight = {
  ...defaultFoldSettings,
  postingLength: 3,
  itemsPerSession: 4,
  maxSessions: 3,
  maxPeople: 3,
  maxItems: 4,
  maxCategories: 2,
  maxNeighbours: 8,
  interactionsPerPerson: 5,
  opinionsPerPerson: 2,
  cartLinesPerPerson: 2,
  ordersPerPerson: 1,
  mealsPerPerson: 1,
  strangersRecords: 1,
  rememberedRecommendations: 2,
  loopCounters: 2,
  similarityListsPerItem: 1,
  installedEntries: 1,
};

function folded(events: readonly Event[], settings = defaultFoldSettings): State {
  const state = createState(settings);
  applyToTwo(state, events);
  return state;
}

/** Two tenants in turns. */
function applyToTwo(state: State, events: readonly Event[]): void {
  for (const one of events) apply(state, [one], state.sequence % 5 === 4 ? 'other' : 'default');
}

function saved(state: State): Map<string, Section> {
  const sections = new Map<string, Section>();
  state.persist(
    new ArchiveWriter((name, type, content) => {
      assert.ok(!sections.has(name), `${name} is written twice`);
      sections.set(name, { type, content: Uint8Array.from(content).buffer });
    }),
  );
  return sections;
}

function restored(sections: Map<string, Section>, settings = defaultFoldSettings): State {
  const state = createState(settings);
  const left = new Map(sections);
  state.persist(new ArchiveReader(left));
  assert.deepEqual([...left.keys()], [], 'sections that nobody reads');
  return state;
}

function digests(state: State): readonly (readonly [string, string])[] {
  return state.tenantNames().map((name) => [name, digestOf(state.tenant(name)!)]);
}

function bytesOf(sections: Map<string, Section>): readonly string[] {
  return [...sections].map(([name, { type, content }]) => `${name} ${type} ${Buffer.from(content).toString('base64')}`);
}

describe('a state that was saved', () => {
  it('is the same in each field when it is restored, and after any tail', () => {
    const any = fc.tuple(
      anyJournal,
      fc.array(anyEvent, { maxLength: 30 }),
      fc.constantFrom(defaultFoldSettings, tight),
    );
    fc.assert(
      fc.property(any, ([head, tail, settings]) => {
        const whole = folded(head, settings);
        const copy = restored(saved(whole), settings);
        assert.deepEqual(differences(whole, copy), []);
        for (const state of [whole, copy]) applyToTwo(state, tail);
        assert.deepEqual(digests(copy), digests(whole));
        assert.deepEqual(differences(whole, copy), []);
        assert.equal(copy.sequence, whole.sequence);
      }),
      { numRuns: 30 },
    );
  });

  it('is the same bytes for the same journal, whatever was read, and whether it was restored in between', () => {
    const any = fc.tuple(anyJournal, fc.array(anyEvent, { maxLength: 30 }));
    fc.assert(
      fc.property(any, ([head, tail]) => {
        const plain = folded([...head, ...tail]);
        const other = folded(head);
        other.tenant('default')?.popularity.top('', 3, () => true);
        const again = restored(saved(other));
        applyToTwo(again, tail);
        again.tenant('default')?.trending.top('fruit', 3, () => true);
        assert.deepEqual(bytesOf(saved(again)), bytesOf(saved(plain)));
      }),
      { numRuns: 30 },
    );
  });

  it('answers the same from its rankings', () => {
    const journal = fc.sample(anyJournal, { seed: 7, numRuns: 40 }).flat();
    const whole = folded(journal);
    const copy = restored(saved(whole));
    for (const category of ['', 'fruit', 'dairy/hard']) {
      for (const kind of ['popularity', 'trending'] as const) {
        const [a, b] = [whole, copy].map((state) => state.tenant('default')![kind].top(category, 10, () => true));
        if (category === '') assert.ok(a!.length > 0);
        assert.deepEqual(b, a);
      }
    }
  });

  it('is left as it was where a section is missing', () => {
    const sections = saved(folded(fc.sample(anyJournal, { seed: 3, numRuns: 5 }).flat()));
    const last = [...sections.keys()].at(-1)!;
    const without = new Map([...sections].filter(([name]) => name !== last));
    const state = createState(defaultFoldSettings);
    assert.throws(() => state.persist(new ArchiveReader(without)), { name: 'RangeError', message: /is missing/ });
    assert.deepEqual([state.sequence, state.tenantNames()], [0, []]);
  });
});

describe('differences', () => {
  it('finds a field that one side lacks', () => {
    const journal = fc.sample(anyJournal, { seed: 5, numRuns: 5 }).flat();
    const found = differences(folded(journal), folded(journal.slice(0, -1)));
    assert.match(found.join('\n'), /state\.#sequence/);
    assert.match(found.join('\n'), /state\.#tenants\..*events/);
  });
});
