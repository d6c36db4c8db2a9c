import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Event } from '../../../gen/palate/event/v1/event_pb.ts';
import { defaultFoldSettings, type FoldSettings } from '../../../src/recommendation/fold/settings.ts';
import { createState, type State } from '../../../src/recommendation/fold/state.ts';
import { addUp, createTallies, type KeptTallies, persistTallies } from '../../../src/recommendation/fold/tallies.ts';
import { TallyLog } from '../../../src/recommendation/fold/tally-log.ts';
import { ArchiveReader, type Section } from '../../../src/recommendation/snapshots/archive-reader.ts';
import { ArchiveWriter } from '../../../src/recommendation/snapshots/archive-writer.ts';
import { differences } from '../snapshots/same-state.ts';
import { anyEvent } from './any-event.ts';
import { apply } from './events.ts';

/** As short as a row may be, so that there are many. */
const rowLength = 128;

/** Folds with the tallies kept aside, and takes them over after the first `helped` events. */
function foldedWithHelp(events: readonly Event[], settings: FoldSettings, helped: number): State {
  const state = createState(settings);
  const kept = new Map<string, { tallies: KeptTallies; log: TallyLog }>();
  state.noteTallies((tenant) => {
    const tallies = createTallies(settings);
    const log = new TallyLog(new Float64Array(rowLength), (row, length) => {
      addUp(tallies, row, length);
      // What is written over must not matter any more.
      return row.fill(Number.NaN);
    });
    kept.set(tenant, { tallies, log });
    return log;
  });
  apply(state, events.slice(0, helped));
  assert.equal(state.isWhole, false);
  state.takeTallies((tenant) => {
    const { log, tallies } = kept.get(tenant)!;
    log.flush();
    return handedOver(tallies);
  });
  assert.equal(state.isWhole, true);
  apply(state, events.slice(helped));
  return state;
}

function handedOver(tallies: KeptTallies): ArchiveReader {
  const sections = new Map<string, Section>();
  const writer = new ArchiveWriter((name, type, content) =>
    sections.set(name, { type, content: Uint8Array.from(content).buffer }),
  );
  persistTallies(tallies, writer);
  return new ArchiveReader(sections);
}

const bounds = fc.record({
  maxPeople: fc.integer({ min: 2, max: 6 }),
  maxItems: fc.integer({ min: 1, max: 9 }),
  maxSessions: fc.integer({ min: 2, max: 200 }),
  itemsPerSession: fc.integer({ min: 2, max: 6 }),
  interactionsPerPerson: fc.integer({ min: 1, max: 6 }),
  maxNeighbours: fc.constantFrom(1, 2, 8, 100),
});

describe('tallies', () => {
  it('are the same where they were kept aside for some time, to the last bit, whoever had to leave', () => {
    const events = fc.array(anyEvent, { minLength: 1, maxLength: 150 });
    fc.assert(
      fc.property(events, bounds, fc.nat(150), (all, some, helped) => {
        const settings = { ...defaultFoldSettings, ...some };
        const alone = createState(settings);
        apply(alone, all);
        assert.deepEqual(differences(foldedWithHelp(all, settings, helped), alone), []);
      }),
      { numRuns: 40 },
    );
  });

  it('do not take an entry that they do not know', () => {
    const tallies = createTallies(defaultFoldSettings);
    assert.throws(() => addUp(tallies, Float64Array.of(99, 0, 0, 0, 0), 5), { name: 'RangeError', message: /kind 99/ });
  });
});
