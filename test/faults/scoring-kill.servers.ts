/** A scorer whose threads stand still, and one that is killed in the middle of its work. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromBinary } from '@bufbuild/protobuf';
import type { Client } from '@grpc/grpc-js';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { type ScoreResponse, ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { call, connect } from '../interop/plain-client.ts';
import { newPhoto } from '../scoring/photos.ts';
import { eventually, kill, servePalate } from '../servers/palate-process.ts';
import { readJournal } from './journalled.ts';
import { heldBy } from './process-figures.ts';
import { assertRefused } from './refusals.ts';
import { scoreBytes } from './scored.ts';

const roles = ['--roles', 'ingest,recommendation,scoring'];

test('a thread that does not answer in time is ended and replaced, and its photos are answered', async (t) => {
  const settings = ['--set', 'scoring.models.runTimeout=300ms', '--set', 'scoring.models.instances=1'];
  const server = await servePalate(t, { args: [...roles, ...settings] });
  const client = connect(t, server.grpc);
  // What the first ones begin behind their answers has its handles when the last one is answered.
  for (let photo = 0; photo < 5; photo++) await scoreBytes(client, newPhoto());
  const { handles } = heldBy(server.process.pid!);
  const isLost = () => server.complaints.some((line) => line.includes('is lost and will be replaced'));
  for (let round = 0; round < 20 && !isLost(); round++) {
    const answers = Array.from({ length: 8 }, () => scoreBytes(client, newPhoto()).catch((error: unknown) => error));
    // Later with each round: how soon the first run begins goes by how busy the machine is.
    await sleep(20 + 10 * round);
    // The whole process stands still, as under a debugger or a starved machine; a run that was begun is then late.
    server.process.kill('SIGSTOP');
    await sleep(500);
    server.process.kill('SIGCONT');
    for (const answer of await Promise.all(answers)) {
      if (answer instanceof Error) assertRefused(answer, 'WORKER_LOST');
      else assert.ok((answer as ScoreResponse).score! > 4);
    }
  }
  assert.ok(isLost(), 'no stop came in the middle of a run');
  const { models } = await call(client, ScoringService.method.listModels, {});
  assert.equal(models[0]!.instances.length, 1);
  assert.ok((await scoreBytes(client, newPhoto())).score! > 4);
  await eventually('the thread is gone, with what it held', () => heldBy(server.process.pid!).handles <= handles);
  assert.equal(await server.stop(), 0);
});

test('a server that is killed in the middle of its work comes back with every score that it gave, and tells the journal of each', async (t) => {
  const first = await servePalate(t, { args: roles });
  const { acknowledged, unanswered } = await scoreUntil(connect(t, first.grpc), 60, () => kill(first));
  assert.ok(acknowledged.size >= 60);

  const second = await servePalate(t, { args: roles, dataFolder: first.dataFolder });
  const client = connect(t, second.grpc);
  const told = [...acknowledged.values()].map(({ imageId }) => imageId);
  await eventually('the journal has the event of each', () => isToldOnce(client, told));
  for (const [photo, { imageId, sha256, score, labels }] of acknowledged) {
    const { record } = await call(client, ScoringService.method.getScore, { imageId });
    assert.deepEqual([record?.sha256, record?.score, record?.labels], [sha256, score, labels]);
    const again = await scoreBytes(client, photo, { userId: 'ada' });
    assert.deepEqual([again.imageId, again.score, again.deduplicated], [imageId, score, true]);
  }
  // Whoever got no answer sends the photo again.
  const retried = await Promise.all(unanswered.map((photo) => scoreBytes(client, photo, { userId: 'ada' })));
  const ids = retried.map(({ imageId }) => imageId);
  await eventually('the journal has the event of each of these too', () => isToldOnce(client, ids));
  const fresh = await scoreBytes(client, newPhoto());
  assert.ok(fresh.score! > 4 && !fresh.deduplicated);
  assert.deepEqual(second.complaints, []);
  assert.equal(await second.stop(), 0);
});

async function isToldOnce(client: Client, imageIds: readonly string[]): Promise<boolean> {
  const meals = await mealsIn(client);
  return imageIds.every((imageId) => meals.filter((meal) => meal === imageId).length === 1);
}

/** The photos that the journal tells of. */
async function mealsIn(client: Client): Promise<readonly string[]> {
  const events = (await readJournal(client)).map(({ bytes }) => fromBinary(EventSchema, bytes));
  return events.flatMap(({ payload }) => (payload.case === 'mealScored' ? [payload.value.imageId] : []));
}

/** Sends new photos, some at a time, until so many were answered; then does `end`, and gives those that were answered or not. */
async function scoreUntil(
  client: Client,
  answers: number,
  end: () => Promise<void>,
): Promise<{ acknowledged: ReadonlyMap<Uint8Array, ScoreResponse>; unanswered: readonly Uint8Array[] }> {
  const acknowledged = new Map<Uint8Array, ScoreResponse>();
  const unanswered: Uint8Array[] = [];
  let ended: Promise<void> | undefined;
  const sender = async () => {
    for (;;) {
      const photo = newPhoto();
      try {
        acknowledged.set(photo, await scoreBytes(client, photo, { userId: 'ada' }));
      } catch {
        unanswered.push(photo);
        return;
      }
      if (acknowledged.size >= answers) ended ??= end();
    }
  };
  await Promise.all(Array.from({ length: 16 }, sender));
  assert.ok(ended !== undefined, 'the senders ended before the server did');
  await ended;
  return { acknowledged, unanswered };
}
