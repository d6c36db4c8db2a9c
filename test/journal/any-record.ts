/** Records of a journal, for property tests. */

import fc from 'fast-check';
import type { JournalRecord } from '../../src/journal/record.ts';

const noBytes = new Uint8Array(0);

/** Any record that holds one of the events, or is a tombstone. Sequences are in no order. */
export function anyRecord(event: fc.Arbitrary<Uint8Array>): fc.Arbitrary<JournalRecord> {
  return fc
    .record({
      sequence: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      appendedAtMicros: fc.nat({ max: 4e15 }),
      tenant: fc.oneof(fc.constant(''), fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/)),
      kind: fc.constantFrom('event', 'event', 'event', 'tombstone'),
      event,
    })
    .map((record) => ({ ...record, trace: noBytes, event: record.kind === 'tombstone' ? noBytes : record.event }));
}
