/** A disk of a few MiB: it fills up, gets room again, and nothing acknowledged is lost. */

import assert from 'node:assert/strict';
import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Client, ServiceError } from '@grpc/grpc-js';
import { Health, HealthCheckResponse_ServingStatus as Status } from '../../gen/grpc/health/v1/health_pb.ts';
import { IngestService, JournalState } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { call, connect } from '../interop/plain-client.ts';
import { eventually, servePalate } from '../servers/palate-process.ts';
import { smallDisk } from '../servers/small-disk.ts';
import { readJournal } from './journalled.ts';
import { type Batch, mixedBatch } from './mixed-batches.ts';
import { publishAtFullSpeed, type SentBatch } from './publish-at-full-speed.ts';
import { assertRefused } from './refusals.ts';

const mebibyte = 1024 * 1024;

test('a full disk is refused, seen by health, and over when there is room', async (t) => {
  const disk = await smallDisk(t, 12);
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(4 * mebibyte));
  const dataFolder = join(disk, 'data');
  const server = await servePalate(t, { dataFolder });
  const client = connect(t, server.grpc);

  const first = await publishUntilFull(client);
  const { state } = await call(client, IngestService.method.getJournalStatus, {});
  assert.equal(state, JournalState.FULL);
  await eventually(
    'health of ingest says NOT_SERVING',
    async () => (await health(client)).ingest === Status.NOT_SERVING,
  );
  assert.equal((await health(client)).recommendation, Status.SERVING);
  assert.equal((await fetch(`http://${server.http}/readyz`)).status, 503);
  await assertReadsGoOn(client, first);

  await rm(ballast);
  await eventually('there is room again', () => isTaken(client));
  await eventually('health of ingest says SERVING', async () => (await health(client)).ingest === Status.SERVING);
  const second = await publishUntilFull(client);
  assert.ok(second.length > 0);
  assert.equal(await server.stop(), 0);

  // Room for a few bytes must not be what a start depends on.
  await takeTheRest(disk);
  const restarted = await servePalate(t, { dataFolder });
  await assertAllThere(connect(t, restarted.grpc), [...first, ...second]);
});

async function takeTheRest(disk: string): Promise<void> {
  const file = await open(join(disk, 'rest'), 'w');
  try {
    await assert.rejects(
      async () => {
        for (;;) await file.write(Buffer.alloc(4096));
      },
      { code: 'ENOSPC' },
    );
  } finally {
    await file.close();
  }
}

/**
 * Publishes smaller and smaller batches until not even one event goes in, and gives those that were acknowledged. After
 * a large group found no room, a smaller one may still.
 */
async function publishUntilFull(client: Client): Promise<readonly SentBatch[]> {
  const acknowledged: SentBatch[] = [];
  for (let size = 200; ; size = Math.max(1, size >> 2)) {
    const { ended, sent } = publishAtFullSpeed(client, endlessly(size));
    const error = await ended;
    assert.ok(error !== undefined);
    const { retryMillis } = assertRefused(error, 'JOURNAL_FULL');
    assert.ok(retryMillis !== undefined && retryMillis > 0);
    acknowledged.push(...sent.filter(({ acknowledgement }) => acknowledgement !== undefined));
    const { state } = await call(client, IngestService.method.getJournalStatus, {});
    if (size === 1 && state === JournalState.FULL) return acknowledged;
  }
}

function* endlessly(size: number): Generator<Batch> {
  while (true) yield mixedBatch(size);
}

async function isTaken(client: Client): Promise<boolean> {
  const { ended, sent } = publishAtFullSpeed(client, [mixedBatch(1)]);
  const error: ServiceError | undefined = await ended;
  if (error !== undefined) assertRefused(error, 'JOURNAL_FULL');
  return sent[0]?.acknowledgement?.accepted === 1;
}

async function health(client: Client) {
  const of = async (service: string) => (await call(client, Health.method.check, { service })).status;
  return {
    ingest: await of(IngestService.typeName),
    recommendation: await of(RecommendationService.typeName),
  };
}

async function assertReadsGoOn(client: Client, acknowledged: readonly SentBatch[]): Promise<void> {
  const minSequence = acknowledged.at(-1)!.acknowledgement!.lastSequence;
  const { items } = await call(client, RecommendationService.method.recommend, { placement: 'home', minSequence });
  assert.ok(items.length > 0);
  await assertAllThere(client, acknowledged);
}

async function assertAllThere(client: Client, acknowledged: readonly SentBatch[]): Promise<void> {
  const kept = new Set((await readJournal(client)).map(({ bytes }) => bytes.toString('latin1')));
  for (const { events } of acknowledged) {
    for (const event of events) assert.ok(kept.has(event.toString('latin1')), 'an acknowledged event is lost');
  }
}
