import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { createMemoryClient } from '../../src/rpc/client/memory-client.ts';
import { bindService } from '../../src/rpc/handlers.ts';
import { refuseUntilReady } from '../../src/rpc/readiness.ts';

test('each kind of method is refused until the service is ready, and a retry is told when', async () => {
  let isReady = false;
  const bound = bindService(IngestService, {
    publish: () => ({ accepted: 1 }),
    async *subscribe() {
      yield { throughSequence: 7n };
    },
    async *publishStream(requests) {
      for await (const { events } of requests) yield { accepted: events.length };
    },
  });
  const guarded = refuseUntilReady(bound, () => isReady) as typeof bound;
  const client = createMemoryClient(guarded);
  async function* batches() {
    yield { events: [] };
  }
  const refused = { reason: 'STARTING', code: 'UNAVAILABLE', retryAfterMillis: 1_000 };
  await assert.rejects(client.publish({}), refused);
  await assert.rejects(Array.fromAsync(client.subscribe({})), refused);
  await assert.rejects(Array.fromAsync(client.publishStream(batches())), refused);
  await assert.rejects(client.getJournalStatus({}), { reason: 'NOT_IMPLEMENTED' });
  isReady = true;
  assert.equal((await client.publish({})).accepted, 1);
  assert.equal((await Array.fromAsync(client.subscribe({})))[0]?.throughSequence, 7n);
  assert.equal((await Array.fromAsync(client.publishStream(batches()))).length, 1);
});

test('a method may be answered at any time', async () => {
  const bound = bindService(IngestService, { publish: () => ({}), getJournalStatus: () => ({ lastSequence: 3n }) });
  const always = [IngestService.method.getJournalStatus];
  const client = createMemoryClient(refuseUntilReady(bound, () => false, always) as typeof bound);
  assert.equal((await client.getJournalStatus({})).lastSequence, 3n);
  await assert.rejects(client.publish({}), { reason: 'STARTING' });
});
