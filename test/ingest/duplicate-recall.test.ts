import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { parseEventId } from '../../src/events/event-id.ts';
import { beforeWindow, DuplicateRecall } from '../../src/ingest/duplicate-recall.ts';
import { createDuplicates } from '../../src/ingest/duplicates.ts';
import type { Journal, ReadOptions } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { freshEventId, itemViewed } from '../events/event-samples.ts';

const trace = new Uint8Array(0);

describe('the ids of a journal', () => {
  let folder: string;
  let journal: Journal;
  /** The ids by tenant, in the order of the journal. */
  const ids: Record<string, string[]> = { '': [], shop: [] };
  let reads: ReadOptions[];
  let counted: Pick<Journal, 'readBlocks' | 'status'>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palate-recall-'));
    // A segment a batch.
    journal = await openJournal({ folder, durability: 'disk', segmentBytes: 1_000 });
    for (const [at, count] of [300, 5, 700, 1, 40].entries()) {
      const tenant = at % 2 === 0 ? '' : 'shop';
      const fresh = Array.from({ length: count }, freshEventId);
      ids[tenant]!.push(...fresh);
      const events = fresh.map((eventId) => itemViewed('a', { eventId, userId: 'u' }));
      await journal.append({
        tenant,
        trace,
        events: [...events, itemViewed('a', { eventId: '' }), Uint8Array.of(0xff)],
      }).durable;
    }
  });

  beforeEach(() => {
    reads = [];
    counted = {
      status: () => journal.status(),
      readBlocks(options) {
        reads.push(options);
        return journal.readBlocks(options);
      },
    };
  });

  after(async () => {
    await journal.close();
    await rm(folder, { recursive: true });
  });

  function assertRecalled(recall: DuplicateRecall, capacity = Number.POSITIVE_INFINITY): void {
    for (const [tenant, all] of Object.entries(ids)) {
      const kept = all.slice(-capacity);
      const window = recall.duplicates.of(tenant);
      assert.equal(window.size, kept.length);
      const words = new Uint32Array(4);
      for (const id of kept) assert.ok(parseEventId(id, words) && window.has(words), id);
    }
  }

  test('that are too old to count are not read', async () => {
    const recall = new DuplicateRecall(counted, createDuplicates(2_000), () => 309);
    await recall.start();
    assert.equal(reads[0]?.afterSequence, 309);
    assert.equal(recall.duplicates.of('').size, 740);
    assert.equal(recall.duplicates.of('shop').size, 1);
  });

  test('are too old behind the window and some room, where one tenant has them all and the state is beyond', () => {
    assert.equal(beforeWindow(1, 10_000_000, 10_000_000, 1_000_000), 8_900_000);
    assert.equal(beforeWindow(1, 8_000_000, 10_000_000, 1_000_000), 8_000_000);
    assert.equal(beforeWindow(1, 500, 500, 1_000_000), 0);
    assert.equal(beforeWindow(2, 10_000_000, 10_000_000, 1_000_000), 0);
    assert.equal(beforeWindow(0, 0, 10_000_000, 1_000_000), 0);
  });

  test('are read where nobody else reads it', async () => {
    const recall = new DuplicateRecall(counted, createDuplicates(2_000));
    await recall.start();
    assertRecalled(recall);
  });

  test('are noted while somebody replays it, and it is read once', async () => {
    const recall = new DuplicateRecall(counted, createDuplicates(2_000));
    let records = 0;
    for await (const block of recall.beside(counted).readBlocks({ afterSequence: 0 })) records += block.length;
    await recall.start();
    assertRecalled(recall);
    assert.equal(records, 1_056);
    assert.equal(reads.length, 1);
  });

  test('come in their order where a replay begins late and ends early: the newest are kept', async () => {
    const recall = new DuplicateRecall(counted, createDuplicates(100));
    for await (const block of recall.beside(counted).readBlocks({ afterSequence: 400 })) {
      if (block.sequence(0) > 700) break;
    }
    await recall.start();
    assertRecalled(recall, 100);
  });

  test('are not noted a second time when the journal is read later', async () => {
    const recall = new DuplicateRecall(counted, createDuplicates(2_000));
    await recall.start();
    const window = recall.duplicates.of('shop');
    const words = new Uint32Array(4);
    parseEventId(ids['shop']![0]!, words);
    window.remove(words);
    for await (const block of recall.beside(counted).readBlocks({ afterSequence: 0 })) assert.ok(block.length > 0);
    assert.equal(window.has(words), false);
  });

  test('are those that are left where the oldest segments were dropped', async () => {
    await journal.dropBefore(303);
    ids['']!.splice(0, 300);
    const recall = new DuplicateRecall(counted, createDuplicates(2_000));
    await recall.start();
    assertRecalled(recall);
  });
});
