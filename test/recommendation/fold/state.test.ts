import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { defaultFoldSettings } from '../../../src/recommendation/fold/settings.ts';
import { createState } from '../../../src/recommendation/fold/state.ts';
import { anyJournal } from './any-event.ts';
import { apply, event, folded, secondMicros, startSeconds } from './events.ts';

/** Small bounds, so that evictions happen. */
const tight = {
  postingLength: 3,
  itemsPerSession: 3,
  maxSessions: 3,
  maxPeople: 3,
  maxItems: 4,
  maxNeighbours: 2,
  interactionsPerPerson: 4,
  opinionsPerPerson: 2,
  cartLinesPerPerson: 2,
  listsPerPerson: 1,
  itemsPerList: 2,
  ordersPerPerson: 1,
  mealsPerPerson: 1,
  visitorsPerPerson: 1,
  strangersRecords: 1,
  rememberedRecommendations: 2,
  loopCounters: 2,
  similarityListsPerItem: 1,
  installedEntries: 1,
};

describe('State', () => {
  it('reaches the same digest from the same journal', () => {
    fc.assert(
      fc.property(anyJournal, fc.constantFrom({}, tight), (journal, settings) => {
        assert.equal(digestOf(folded(journal, settings)), digestOf(folded(journal, settings)));
      }),
    );
  });

  it('folds a tenant the same alone and among others', () => {
    const tagged = fc.array(fc.tuple(fc.constantFrom('a', 'b'), anyJournal), { maxLength: 4 });
    fc.assert(
      fc.property(tagged, (parts) => {
        const together = createState(defaultFoldSettings);
        for (const [tenant, journal] of parts) apply(together, journal, tenant);
        for (const name of together.tenantNames()) {
          const own = parts.filter(([tenant]) => tenant === name).flatMap(([, journal]) => journal);
          assert.equal(digestOf(together.tenant(name)!), digestOf(folded(own)));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('has another digest after any one event more', () => {
    fc.assert(
      fc.property(anyJournal, (journal) => {
        assert.notEqual(digestOf(folded(journal)), digestOf(folded([...journal, journal[0]!])));
      }),
      { numRuns: 50 },
    );
  });

  it('minds the order of the journal, not of the times', () => {
    const [a, b] = [
      event('itemViewed', { itemId: 'a' }, { session: 's', at: 5 }),
      event('itemViewed', { itemId: 'b' }, { session: 's', at: 1 }),
    ];
    assert.notEqual(digestOf(folded([a, b])), digestOf(folded([b, a])));
  });

  it('knows how far it is', () => {
    const state = createState(defaultFoldSettings);
    assert.equal(state.sequence, 0);
    assert.equal(state.tenant('nobody'), undefined);
    state.apply({ sequence: 7, appendedAtMicros: 99, tenant: 'a' }, event('pageViewed', { kind: 1 }, { at: 3 }));
    state.skip(8);
    assert.equal(state.sequence, 8);
    assert.equal(state.appendedAtMicros, 99);
    assert.equal(state.tenant('a')?.events, 1);
    assert.equal(state.tenant('a')?.lastOccurredAtMicros, (startSeconds + 3) * secondMicros);
    assert.deepEqual(state.tenantNames(), ['a']);
  });

  it('takes the append time of an event without a time', () => {
    const state = createState(defaultFoldSettings);
    const untimed = event('itemViewed', { itemId: 'a' }, { session: 's' });
    delete untimed.occurredAt;
    state.apply({ sequence: 1, appendedAtMicros: 1_234, tenant: 'a' }, untimed);
    assert.equal(state.tenant('a')?.lastOccurredAtMicros, 1_234);
    assert.equal(state.tenant('a')?.sessions.lastTimeMicros(0), 1_234);
  });

  it('never turns its clock back', () => {
    const tenant = folded([
      event('itemViewed', { itemId: 'a' }, { session: 's', at: 10 }),
      event('itemViewed', { itemId: 'a' }, { session: 's', at: 4 }),
    ]);
    assert.equal(tenant.lastOccurredAtMicros, (startSeconds + 10) * secondMicros);
    assert.equal(tenant.events, 2);
  });
});
