import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { memoryOf } from '../../../src/recommendation/fold/memory.ts';
import { defaultFoldSettings } from '../../../src/recommendation/fold/settings.ts';
import { createState } from '../../../src/recommendation/fold/state.ts';
import { TenantState } from '../../../src/recommendation/fold/tenant-state.ts';
import { ArchiveWriter } from '../../../src/recommendation/snapshots/archive-writer.ts';
import { withFieldsOf } from '../snapshots/private-fields.ts';
import { differences } from '../snapshots/same-state.ts';
import { anyJournal } from './any-event.ts';
import { apply, event, folded } from './events.ts';

const sum = (memory: Readonly<Record<string, number>>) => Object.values(memory).reduce((a, b) => a + b, 0);

/** What of a tenant's snapshot are arrays of the state itself. */
function writtenBytes(tenant: TenantState): number {
  let bytes = 0;
  const objects =
    /\.(numbers|lengths|texts|count)$|^(orders|meals|similarityLists|placements|strategies|experiments|models)\//;
  tenant.persist(
    new ArchiveWriter((name, _type, content) => {
      if (!objects.test(name) && content.byteLength > 64) bytes += content.byteLength;
    }),
  );
  return bytes;
}

/** All memory of arrays that a tenant leads to, each counted once. */
function reachableBytes(tenant: TenantState): number {
  const seen = new Set<unknown>();
  const buffers = new Set<ArrayBufferLike>();
  withFieldsOf((fieldsOf) => {
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || seen.has(value)) return;
      seen.add(value);
      if (ArrayBuffer.isView(value)) buffers.add(value.buffer);
      else if (value instanceof Map) for (const entry of value) entry.forEach(visit);
      else if (Array.isArray(value) || value instanceof Set) value.forEach(visit);
      else fieldsOf(value).forEach(visit);
    };
    visit(tenant);
  });
  return [...buffers].reduce((bytes, { byteLength }) => bytes + byteLength, 0);
}

const viewed = (n: number) =>
  event('itemViewed', { itemId: `item ${n}` }, { user: `user ${n}`, session: `session ${n}` });

describe('memoryOf', () => {
  it('is at least what a snapshot has of the arrays, at most all that there are, and changes nothing', () => {
    fc.assert(
      fc.property(anyJournal, (events) => {
        const tenant = folded(events);
        const digest = digestOf(tenant);
        const bytes = sum(memoryOf(tenant));
        assert.ok(bytes <= reachableBytes(tenant));
        assert.ok(bytes >= writtenBytes(tenant));
        assert.equal(digestOf(tenant), digest);
      }),
      { numRuns: 20 },
    );
  });

  it('lets a table grow at its own pace, and counts the old one till it is empty', () => {
    const [asked, left] = [createState(defaultFoldSettings), createState(defaultFoldSettings)];
    const itemsAt = new Map<number, number>();
    for (let n = 1; n <= 560; n++) {
      for (const state of [asked, left]) apply(state, [viewed(n)]);
      itemsAt.set(n, memoryOf(asked.tenant('default')!).items);
      // A table of 1,024 slots is left for the next one at 512 texts; each further text moves 32 slots.
      if (n > 508 && n % 5 === 0) assert.deepEqual(differences(asked, left), [], `after ${n}`);
    }
    assert.equal(itemsAt.get(530)! - itemsAt.get(560)!, 1_024 * 8);
  });

  it('grows in the part that an event is about', () => {
    const empty = memoryOf(new TenantState(defaultFoldSettings));
    const views = Array.from({ length: 2_000 }, (_, n) =>
      event('itemViewed', { itemId: `item ${n % 500}` }, { user: `user ${n}`, session: `session ${n >> 2}` }),
    );
    const seen = memoryOf(folded(views));
    for (const part of ['items', 'sessions', 'pairs', 'popularity', 'people'] as const) {
      assert.ok(seen[part] > empty[part], part);
    }
    assert.deepEqual([seen.categories, seen.embeddings], [empty.categories, 0]);
    const named = Array.from({ length: 2_000 }, (_, n) =>
      event('itemUpserted', { itemId: `item ${n % 500}`, attributes: { categories: [`category ${n}`] } }),
    );
    assert.ok(memoryOf(folded(named)).categories > empty.categories);
  });

  it('counts the recommendations that are remembered', () => {
    const served = (n: number) =>
      event('recommendationServed', {
        recommendationId: `r${n}`,
        placement: 'home',
        items: Array.from({ length: 10 }, (_, i) => ({ itemId: `item ${i}`, strategy: 'session' })),
      });
    const few = memoryOf(folded([served(0)])).counts;
    const many = memoryOf(folded(Array.from({ length: 1_000 }, (_, n) => served(n)))).counts;
    // Of each: an id, a row, and ten items of three numbers.
    assert.ok(many - few > 1_000 * (16 + 16 + 120), `${many} and ${few}`);
  });

  it('counts an embedding while its item has it', () => {
    const scored = (embedding: number[]) => event('mealScored', { imageId: 'i', score: 4, itemId: 'a', embedding });
    assert.equal(memoryOf(folded([scored([1, 2, 3])])).embeddings, 12);
    assert.equal(memoryOf(folded([scored([1, 2, 3]), scored([1, 2])])).embeddings, 8);
    const others = ['b', 'c'].map((itemId) => event('itemViewed', { itemId }));
    assert.equal(memoryOf(folded([scored([1, 2, 3]), ...others], { maxItems: 2 })).embeddings, 0);
  });
});
