/** An erasure that a full disk keeps from its end, over a restart. */

import assert from 'node:assert/strict';
import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Client } from '@grpc/grpc-js';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { event, freshEventId } from '../events/event-samples.ts';
import { call, connect } from '../interop/plain-client.ts';
import { eventually, kill, servePalate } from '../servers/palate-process.ts';
import { smallDisk } from '../servers/small-disk.ts';
import { filesWith } from './files-with.ts';

const ann = 'ann-of-kings-lynn';

const viewed = (userId: string, n: number) =>
  event({ case: 'itemViewed', value: { itemId: `item-${n % 50}` } }, { userId, eventId: freshEventId() });

const publish = (client: Client, events: ReturnType<typeof event>[]) =>
  call(client, IngestService.method.publish, { events });

const pendingOf = async (client: Client) =>
  (await call(client, IngestService.method.getJournalStatus, {})).pendingErasures;

const interactionsOf = async (client: Client, userId: string) =>
  (await call(client, RecommendationService.method.getProfile, { userId })).interactions.length;

/** Fills a disk but for so many bytes. */
async function fill(disk: string, name: string, spareBytes: number): Promise<void> {
  const [spare, rest] = [join(disk, 'spare'), join(disk, name)];
  await writeFile(spare, Buffer.alloc(spareBytes));
  const file = await open(rest, 'w');
  await assert.rejects(
    async () => {
      for (;;) await file.write(Buffer.alloc(4096));
    },
    { code: 'ENOSPC' },
  );
  await file.close();
  await rm(spare);
}

test('a server starts on a full disk with the person masked, and erases them when there is room', async (t) => {
  const disk = await smallDisk(t, 24);
  const dataFolder = join(disk, 'data');
  const first = await servePalate(t, { dataFolder });
  const client = connect(t, first.grpc);
  for (let batch = 0; batch < 10; batch++) {
    const events = Array.from({ length: 2_000 }, (_, n) => viewed(n % 2 === 0 ? ann : 'bob', n));
    assert.equal((await publish(client, events)).accepted, events.length);
  }
  await fill(disk, 'ballast', 64 * 1_024);
  const erasure = event({ case: 'userErased', value: {} }, { userId: ann, eventId: freshEventId() });
  assert.equal((await publish(client, [erasure])).accepted, 1);
  await eventually('erasing fails', () => first.complaints.some((line) => line.includes('erasing failed')));
  await kill(first);
  await fill(disk, 'more', 0);

  const second = await servePalate(t, { dataFolder });
  const again = connect(t, second.grpc);
  assert.ok(second.complaints.some((line) => line.includes('they are masked')));
  assert.equal(await pendingOf(again), 1);
  assert.equal(await interactionsOf(again, ann), 0);
  assert.ok((await interactionsOf(again, 'bob')) > 0);
  assert.ok((await filesWith(dataFolder, ann)).length > 0);
  await Promise.all(['ballast', 'more'].map((name) => rm(join(disk, name))));
  await eventually('she is erased', async () => (await pendingOf(again)) === 0, 30_000);
  assert.deepEqual(await filesWith(dataFolder, ann), []);
  assert.equal(await interactionsOf(again, ann), 0);
  assert.ok((await interactionsOf(again, 'bob')) > 0);
});
