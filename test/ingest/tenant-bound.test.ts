import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { openPalate } from '../../src/index.ts';
import { createDuplicates } from '../../src/ingest/duplicates.ts';
import { createTenantBound } from '../../src/ingest/tenant-bound.ts';

const view = () =>
  create(EventSchema, {
    eventId: crypto.randomUUID(),
    userId: 'ann',
    payload: { case: 'itemViewed', value: { itemId: 'pear' } },
  });

test('admits those that are known, by their windows or by the state, and new ones while there is room', () => {
  const windows = createDuplicates(1_000);
  const held = new Set(['quiet']);
  const admit = createTenantBound({
    max: 3,
    windows,
    state: { has: (tenant) => held.has(tenant), count: () => held.size },
  });
  for (const tenant of ['', 'a', 'b']) {
    admit(tenant);
    windows.of(tenant);
  }
  for (const tenant of ['', 'a', 'b', 'quiet']) admit(tenant);
  assert.throws(() => admit('c'), { reason: 'TENANTS_FULL', message: /there are 3 tenants.*ingest\.maxTenants is 3/ });
  const withoutState = createTenantBound({ max: 3, windows });
  assert.throws(() => withoutState('quiet'), { reason: 'TENANTS_FULL' });
});

test('a server refuses a tenant too many before anything of it is kept, and knows the others after a restart', async (t) => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'palate-tenants-'));
  t.after(() => rm(dataFolder, { recursive: true }));
  const settings = {
    'journal.durability': 'os',
    'ingest.maxTenants': '2',
    'recommendation.snapshots.everyEvents': '1',
  };
  for (const round of [1, 2]) {
    const palate = await openPalate({ dataFolder, settings });
    try {
      for (const tenant of ['', 'acme']) {
        const { accepted } = await palate.ingest.publish({ events: [view()] }, { tenant });
        assert.equal(accepted, 1);
      }
      await assert.rejects(palate.ingest.publish({ events: [view()] }, { tenant: 'other' }), {
        reason: 'TENANTS_FULL',
      });
      const { lastSequence } = await palate.ingest.getJournalStatus({});
      assert.equal(lastSequence, BigInt(2 * round));
    } finally {
      await palate.close();
    }
  }
});
