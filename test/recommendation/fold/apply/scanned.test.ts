import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type Event, EventSchema } from '../../../../gen/palate/event/v1/event_pb.ts';
import { digestOf } from '../../../../src/recommendation/fold/digest.ts';
import { defaultFoldSettings } from '../../../../src/recommendation/fold/settings.ts';
import { createState } from '../../../../src/recommendation/fold/state.ts';
import type { TenantState } from '../../../../src/recommendation/fold/tenant-state.ts';
import { anyJournal } from '../any-event.ts';
import { event, folded } from '../events.ts';

/** The state after these events by their bytes, and how many of them were not decoded. */
function foldedFromBytes(journal: readonly Event[]): { tenant: TenantState; scanned: number } {
  const state = createState(defaultFoldSettings);
  let scanned = 0;
  for (const [index, one] of journal.entries()) {
    const header = { sequence: index + 1, appendedAtMicros: 1_700_000_000_000_000, tenant: 'default' };
    if (state.applyBytes(header, toBinary(EventSchema, one))) scanned++;
    else state.apply(header, one);
    assert.equal(state.sequence, index + 1);
  }
  return { tenant: state.tenant('default')!, scanned };
}

describe('applyScanned', () => {
  it('leads to the state that decoded events lead to', () => {
    let scanned = 0;
    let events = 0;
    fc.assert(
      fc.property(anyJournal, (journal) => {
        const fromBytes = foldedFromBytes(journal);
        scanned += fromBytes.scanned;
        events += journal.length;
        assert.equal(digestOf(fromBytes.tenant), digestOf(folded(journal)));
      }),
      { numRuns: 300 },
    );
    assert.equal(scanned, events);
  });

  it('knows ids beyond ASCII, and those that one text begins and another goes on with', () => {
    const ids = ['K\u00e4se', '\u{1f9c0}', 'a', 'ab', 'abc', 'abcd', 'abcde', 'x'.repeat(256)];
    const journal = ids.flatMap((id) => [
      event('itemViewed', { itemId: id }, { visitor: id, session: id }),
      event('cartAdded', { itemId: id, quantity: 2, unitPrice: { currencyCode: 'EUR', micros: 5n } }, { user: id }),
    ]);
    const { tenant, scanned } = foldedFromBytes(journal);
    assert.equal(scanned, journal.length);
    assert.equal(digestOf(tenant), digestOf(folded(journal)));
    assert.deepEqual(
      ids.map((_, item) => tenant.catalogue.idOf(item)),
      ids,
    );
  });

  it('takes the time of the journal where an event says none', () => {
    const one = event('itemViewed', { itemId: 'a' }, { visitor: 'v' });
    delete one.occurredAt;
    assert.equal(foldedFromBytes([one]).tenant.lastOccurredAtMicros, 1_700_000_000_000_000);
  });
});
