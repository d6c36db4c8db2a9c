import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { packEvents } from '../../src/events/event-ranges.ts';
import { digestOf } from '../../src/recommendation/fold/digest.ts';
import type { State } from '../../src/recommendation/fold/state.ts';
import type { FoldableBlock } from '../../src/recommendation/foldable-block.ts';
import { RecordFolder } from '../../src/recommendation/record-folder.ts';
import { silentLog } from '../../src/rpc/log.ts';
import { anyJournal } from './fold/any-event.ts';
import { freshState } from './tenant-fixture.ts';

const broken = Uint8Array.of(255, 255);
const noBytes = new Uint8Array(0);
const appendedAtMicros = 1_700_000_000_000_000;

/** What a record holds: an event, a tombstone, or bytes that are no event. */
const anyKind = fc.constantFrom('event', 'event', 'event', 'event', 'event', 'tombstone', 'broken');
const anyRecords = anyJournal.chain((events) =>
  fc
    .array(fc.record({ kind: anyKind, tenant: fc.constantFrom('', '', 'two') }), {
      minLength: events.length,
      maxLength: events.length,
    })
    .map((heads) => heads.map((head, at) => ({ ...head, event: events[at]! }))),
);
type Records = typeof anyRecords extends fc.Arbitrary<infer R> ? R : never;

function blockOf(records: Records, firstSequence: number): FoldableBlock {
  const bytesOf = {
    event: (at: number) => toBinary(EventSchema, records[at]!.event),
    tombstone: () => noBytes,
    broken: () => broken,
  };
  const { bytes, from, to, length } = packEvents(
    records.map(({ kind }, at) => bytesOf[kind as keyof typeof bytesOf](at)),
  );
  return {
    bytes,
    length,
    sequence: (at) => firstSequence + at,
    appendedAtMicros: () => appendedAtMicros,
    tenant: (at) => records[at]!.tenant,
    isTombstone: (at) => records[at]!.kind === 'tombstone',
    from: (at) => from[at]!,
    to: (at) => to[at]!,
  };
}

/** Each event decoded, one after the other. */
function oneByOne(records: Records): State {
  const state = freshState();
  for (const [at, { kind, tenant, event }] of records.entries()) {
    if (kind === 'event') state.apply({ sequence: at + 1, appendedAtMicros, tenant }, event);
    else state.skip(at + 1);
  }
  return state;
}

const digests = (state: State) => state.tenantNames().map((name) => [name, digestOf(state.tenant(name)!)]);

describe('RecordFolder', () => {
  it('folds blocks, in slices, to the state that their events lead to one by one', () => {
    fc.assert(
      fc.property(anyRecords, fc.nat(), (records, cut) => {
        const state = freshState();
        const sliced = new RecordFolder(state, silentLog);
        const middle = cut % (records.length + 1);
        // Of the second block the folder has the first records already.
        const blocks = [blockOf(records.slice(0, middle), 1), blockOf(records, 1)];
        for (const block of blocks) for (let at = 0; at < block.length; ) at = sliced.foldBlock(block, at, 0);
        assert.equal(state.sequence, records.length);
        assert.equal(sliced.records, records.length);
        assert.equal(sliced.unreadable, records.filter(({ kind }) => kind === 'broken').length);
        assert.deepEqual(digests(state), digests(oneByOne(records)));
      }),
      { numRuns: 200 },
    );
  });
});
