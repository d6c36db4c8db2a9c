import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { parseEventId } from '../../src/events/event-id.ts';
import { beforeWindow } from '../../src/ingest/before-window.ts';
import { DuplicateRecall } from '../../src/ingest/duplicate-recall.ts';
import { createDuplicates } from '../../src/ingest/duplicates.ts';
import type { Journal, ReadOptions } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { silentLog } from '../../src/rpc/log.ts';
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

  test('are recalled by a thread beside, in their order: the newest are kept, and it is read here no more', async () => {
    for (const capacity of [2_000, 400, 100]) {
      const help = { folder, capacity, log: silentLog, fromRecords: 1 };
      const recall = new DuplicateRecall(counted, createDuplicates(capacity), () => 0, help);
      await recall.early.start?.();
      await recall.start();
      assertRecalled(recall, capacity);
      assert.equal(reads.length, 0);
      const id = freshEventId();
      const words = new Uint32Array(4);
      assert.ok(
        parseEventId(id, words) && recall.duplicates.of('shop').add(words) && !recall.duplicates.of('shop').add(words),
      );
    }
  });

  test('of one tenant are not all looked at, and the newest are kept', async () => {
    const alone = await mkdtemp(join(tmpdir(), 'palate-recall-'));
    const only = await openJournal({ folder: alone, durability: 'os', segmentBytes: 1_000 });
    const fresh = Array.from({ length: 1_000 }, freshEventId);
    for (let at = 0; at < 1_000; at += 50) {
      const events = fresh.slice(at, at + 50).map((eventId) => itemViewed('a', { eventId, userId: 'u' }));
      await only.append({ tenant: 'shop', trace, events }).durable;
    }
    const help = { folder: alone, capacity: 100, log: silentLog, fromRecords: 1 };
    const recall = new DuplicateRecall(only, createDuplicates(100), () => 0, help);
    await recall.early.start?.();
    await recall.start();
    const window = recall.duplicates.of('shop');
    const words = new Uint32Array(4);
    const known = fresh.filter((id) => parseEventId(id, words) && window.has(words));
    assert.deepEqual(known, fresh.slice(-100));
    await only.close();
    await rm(alone, { recursive: true });
  });

  test('of a tenant are kept where another one has most of the newest records', async () => {
    const shared = await mkdtemp(join(tmpdir(), 'palate-recall-'));
    const both = await openJournal({ folder: shared, durability: 'os' });
    const fresh = Array.from({ length: 600 }, freshEventId);
    for (const [at, eventId] of fresh.entries()) {
      both.append({ tenant: at < 500 ? 'shop' : 'market', trace, events: [itemViewed('a', { eventId, userId: 'u' })] });
    }
    await both.durable(600);
    const recall = new DuplicateRecall(both, createDuplicates(100), () => 0, {
      folder: shared,
      capacity: 100,
      log: silentLog,
      fromRecords: 1,
    });
    await recall.early.start?.();
    await recall.start();
    assert.deepEqual([recall.duplicates.of('shop').size, recall.duplicates.of('market').size], [100, 100]);
    await both.close();
    await rm(shared, { recursive: true });
  });

  test('of several tenants are recalled where a state will be folded: the thread sees it, or the state does', async () => {
    // Of 600 records of "shop", so many of "market" begin at one of these places; 110 are the newest.
    for (const [from, count, readHere] of [
      [550, 40, []],
      [100, 40, [0]],
      [0, 0, []],
    ] as const) {
      const shared = await mkdtemp(join(tmpdir(), 'palate-recall-'));
      const both = await openJournal({ folder: shared, durability: 'os' });
      const fresh = Array.from({ length: 600 }, freshEventId);
      const tenantAt = (at: number) => (at >= from && at < from + count ? 'market' : 'shop');
      for (const [at, eventId] of fresh.entries()) {
        both.append({ tenant: tenantAt(at), trace, events: [itemViewed('a', { eventId, userId: 'u' })] });
      }
      await both.durable(600);
      let isFolded = false;
      const oldEnough = () => (isFolded ? beforeWindow(count > 0 ? 2 : 1, 600, 600, 100) : 0);
      const help = { folder: shared, capacity: 100, log: silentLog, fromRecords: 1, isStateFolded: true };
      const readFrom: number[] = [];
      const watched: Pick<Journal, 'readBlocks' | 'status'> = {
        status: () => both.status(),
        readBlocks(options) {
          readFrom.push(options.afterSequence);
          return both.readBlocks(options);
        },
      };
      const recall = new DuplicateRecall(watched, createDuplicates(100), oldEnough, help);
      await recall.early.start?.();
      isFolded = true;
      await recall.start();
      assert.deepEqual(readFrom, readHere);
      assert.deepEqual([recall.duplicates.of('shop').size, recall.duplicates.of('market').size], [100, count]);
      await both.close();
      await rm(shared, { recursive: true });
    }
  });

  test('that came since the thread began are read here', async () => {
    const help = { folder, capacity: 2_000, log: silentLog, fromRecords: 1 };
    const earlier = { ...counted, status: () => ({ ...journal.status(), durableSequence: 400 }) };
    let now: Pick<Journal, 'readBlocks' | 'status'> = earlier;
    const changing = { status: () => now.status(), readBlocks: (options: ReadOptions) => now.readBlocks(options) };
    const recall = new DuplicateRecall(changing, createDuplicates(2_000), () => 0, help);
    await recall.early.start?.();
    now = counted;
    await recall.start();
    assertRecalled(recall);
    assert.deepEqual(
      reads.map(({ afterSequence }) => afterSequence),
      [400],
    );
  });

  test('are read here where they are few, and where the thread cannot read them', async () => {
    const lines: string[] = [];
    const log = { ...silentLog, warn: (_: object, message: string) => void lines.push(message) };
    const elsewhere = join(folder, 'no-journal');
    for (const fromRecords of [1_000_000, 1]) {
      const help = { folder: elsewhere, capacity: 2_000, log, fromRecords };
      const recall = new DuplicateRecall(counted, createDuplicates(2_000), () => 0, help);
      await recall.early.start?.();
      await recall.start();
      assertRecalled(recall);
    }
    assert.deepEqual(lines, ['the ids of events are recalled without a second thread']);
  });

  test('are not waited for where the process is to stop', async () => {
    const lines: string[] = [];
    const log = { ...silentLog, warn: (_: object, message: string) => void lines.push(message) };
    const help = { folder, capacity: 2_000, log, fromRecords: 1 };
    const recall = new DuplicateRecall(counted, createDuplicates(2_000), () => 0, help);
    await recall.early.start?.();
    await recall.stop();
    assert.deepEqual(lines, []);
  });

  test('are those that are left where the oldest segments were dropped', async () => {
    await journal.dropBefore(303);
    ids['']!.splice(0, 300);
    const recall = new DuplicateRecall(counted, createDuplicates(2_000));
    await recall.start();
    assertRecalled(recall);
  });
});
