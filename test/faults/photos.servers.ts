/** Scores and photos over a crash, and of people who are erased, with real servers. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Client } from '@grpc/grpc-js';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { event, freshEventId } from '../events/event-samples.ts';
import { type CallHeaders, call, connect, openServerStream } from '../interop/plain-client.ts';
import { greyPhoto, newPhoto } from '../scoring/photos.ts';
import { eventually, kill, type Scope, servePalate } from '../servers/palate-process.ts';
import { startProxy } from '../servers/tcp-proxy.ts';
import { filesWith } from './files-with.ts';

const allRoles = ['--roles', 'ingest,recommendation,scoring'];
const mark = 'kings-lynn';
const ann = { userId: `ann-of-${mark}`, visitorId: `phone-of-${mark}`, sessionId: `visit-of-${mark}` };
const bob = { userId: 'bob', visitorId: 'phone-of-bob', sessionId: 'visit-of-bob' };
const otherTenant: CallHeaders = { headers: { 'palate-tenant': 'canteen' } };

function score(client: Client, value: Uint8Array, whose: Partial<typeof ann>, given: CallHeaders = {}) {
  const request = { ...whose, image: { case: 'imageBytes', value } } as const;
  return call(client, ScoringService.method.score, request, { deadline: Date.now() + 20_000, ...given });
}

async function knownUser(client: Client, imageId: string, given?: CallHeaders): Promise<string | undefined> {
  try {
    return (await call(client, ScoringService.method.getScore, { imageId }, given)).record?.userId;
  } catch {
    return undefined;
  }
}

/** Who had which, as the journal tells. */
async function mealsIn(client: Client): Promise<string[]> {
  const meals: string[] = [];
  for await (const { records } of openServerStream(client, IngestService.method.subscribe, { untilEnd: true })) {
    for (const { event: one } of records) {
      if (one?.payload.case === 'mealScored') meals.push(`${one.userId} ${one.payload.value.imageId}`);
    }
  }
  return meals;
}

function mealsOf(client: Client, userId: string) {
  return call(client, RecommendationService.method.getProfile, { userId }).then(({ meals }) => meals);
}

async function erase(client: Client, userId: string): Promise<void> {
  const erasure = { ...event({ case: 'userErased', value: {} }, { userId, eventId: freshEventId() }) };
  const { accepted } = await call(client, IngestService.method.publish, { events: [erasure] });
  assert.equal(accepted, 1);
}

async function erasuresAreFinished(client: Client): Promise<void> {
  const pending = async () => (await call(client, IngestService.method.getJournalStatus, {})).pendingErasures;
  await eventually('the erasure is finished', async () => (await pending()) === 0, 30_000);
}

const isGone = async (folder: string, bytes: Buffer | string) => (await filesWith(folder, bytes)).length === 0;

function fileOf(folder: string, photo: Uint8Array, tenant = '_default'): string {
  const hash = createHash('sha256').update(photo).digest('hex');
  return join(folder, 'objects', tenant, hash.slice(0, 2), hash.slice(2));
}

const isKept = (path: string) =>
  readFile(path).then(
    () => true,
    () => false,
  );

describe('kill -9', () => {
  test('between the answer and the journal loses no meal', async (t) => {
    const owner = await servePalate(t);
    const proxy = await startProxy(t, owner.grpc);
    const args = ['--roles', 'scoring', '--follow', proxy.address];
    const scorer = await servePalate(t, { args });
    const photo = newPhoto();
    const client = connect(t, scorer.grpc);
    await score(client, newPhoto(), bob);
    const ownerClient = connect(t, owner.grpc);
    // The event goes on its way after the answer.
    await eventually('the first is journalled', async () => (await mealsIn(ownerClient)).length === 1);
    proxy.isOpen = false;
    proxy.cut();
    const answers = await Promise.all([score(client, photo, ann), score(client, newPhoto(), ann)]);
    await score(client, photo, bob);
    await kill(scorer);
    assert.equal((await mealsIn(ownerClient)).length, 1);

    proxy.isOpen = true;
    const again = await servePalate(t, { args, dataFolder: scorer.dataFolder });
    await eventually('the meals are journalled', async () => (await mealsIn(ownerClient)).length >= 4);
    const [first, second] = answers.map(({ imageId }) => imageId);
    const told = [`${ann.userId} ${first}`, `${ann.userId} ${second}`, `${bob.userId} ${first}`];
    assert.deepEqual(new Set((await mealsIn(ownerClient)).slice(1)), new Set(told));
    // Killed right after its answer, the scorer may not have taken it down: the journal tells it.
    const restarted = connect(t, again.grpc);
    await eventually('the scorer knows the photo', async () => (await knownUser(restarted, first!)) !== undefined);
    const known = await score(restarted, photo, ann);
    assert.deepEqual([known.deduplicated, known.imageId], [true, first]);
    await score(connect(t, again.grpc), newPhoto(), ann);
    await eventually('another is journalled', async () => (await mealsIn(ownerClient)).length >= 5);
    assert.equal((await mealsIn(ownerClient)).length, 5, 'none is there twice');
  });
});

describe('erasing a person', () => {
  test('takes out scores, photos and reviews, and nothing of others', async (t) => {
    const server = await servePalate(t, { args: allRoles });
    const { dataFolder } = server;
    const client = connect(t, server.grpc);
    const [own, shared, his] = [newPhoto(), newPhoto(), newPhoto()];
    await score(client, his, bob);
    const { imageId } = await score(client, own, ann);
    const both = await score(client, shared, bob);
    await score(client, shared, ann);
    const elsewhere = await score(client, own, bob, otherTenant);
    assert.equal((await score(client, await greyPhoto(), ann)).rejection?.reason, 'NOT_FOOD');
    for (const id of [imageId, both.imageId]) {
      const word = { imageId: id, score: 2, reviewerId: 'expert', comment: id === imageId ? `said of ${mark}` : '' };
      await call(client, ScoringService.method.reviewScore, word);
    }
    await eventually('hers is the newest', async () => (await knownUser(client, both.imageId)) === ann.userId);
    await eventually(
      'the word is taken down',
      async () => (await filesWith(join(dataFolder, 'scores'), mark)).length > 0,
    );
    await eventually('her photo is kept', () => isKept(fileOf(dataFolder, own)));

    await erase(client, ann.userId);
    await erasuresAreFinished(client);
    assert.deepEqual(await filesWith(dataFolder, mark), []);
    assert.deepEqual(await filesWith(dataFolder, own), [fileOf(dataFolder, own, 'canteen')]);
    assert.equal(await knownUser(client, imageId), undefined);
    assert.equal(await knownUser(client, both.imageId), bob.userId);
    assert.equal(await knownUser(client, elsewhere.imageId, otherTenant), bob.userId);
    for (const photo of [shared, his]) assert.ok(await isKept(fileOf(dataFolder, photo)));
    assert.equal(await server.stop(), 0);
    assert.deepEqual(await filesWith(dataFolder, mark), []);
  });

  test('while her photos are being scored does not bring her back', async (t) => {
    const server = await servePalate(t, { args: allRoles });
    const client = connect(t, server.grpc);
    const photos: Buffer[] = [];
    let isOver = false;
    const send = async (): Promise<void> => {
      while (!isOver) {
        const photo = newPhoto();
        photos.push(photo);
        await score(client, photo, ann);
      }
    };
    const sending = [send(), send(), send(), send()];
    await eventually('photos are scored', () => photos.length > 20);
    await erase(client, ann.userId);
    const sent = photos.length;
    await eventually('more come meanwhile', () => photos.length > sent + 20);
    isOver = true;
    await Promise.all(sending);
    await erasuresAreFinished(client);
    await eventually('nothing of her is left', () => isGone(server.dataFolder, mark), 30_000);
    const kept = await Promise.all(photos.map((photo) => isKept(fileOf(server.dataFolder, photo))));
    assert.ok(!kept.includes(true));
  });

  test('reaches a scorer in another process, connected or not', async (t: Scope) => {
    const owner = await servePalate(t);
    const ownerClient = connect(t, owner.grpc);
    const args = ['--roles', 'scoring', '--follow', owner.grpc];
    const scorer = await servePalate(t, { args });
    const client = connect(t, scorer.grpc);
    const [own, his] = [newPhoto(), newPhoto()];
    const { imageId } = await score(client, own, ann);
    const kept = await score(client, his, bob);
    await eventually('it is journalled', async () => (await mealsOf(ownerClient, bob.userId)).length === 1);
    await erase(ownerClient, ann.userId);
    await eventually('nothing of her is left', () => isGone(scorer.dataFolder, mark), 30_000);
    await eventually('nor her photo', async () => !(await isKept(fileOf(scorer.dataFolder, own))));
    assert.equal(await knownUser(client, imageId), undefined);
    assert.equal(await knownUser(client, kept.imageId), bob.userId);

    const carl = { userId: `carl-of-${mark}` };
    const carls = newPhoto();
    await score(client, carls, carl);
    await score(client, await greyPhoto(), carl);
    await eventually('it is journalled', async () => (await mealsOf(ownerClient, carl.userId)).length === 1);
    assert.equal(await scorer.stop(), 0);
    await erase(ownerClient, carl.userId);
    await erasuresAreFinished(ownerClient);
    assert.ok(!(await isGone(scorer.dataFolder, mark)));
    await servePalate(t, { args, dataFolder: scorer.dataFolder });
    await eventually('nothing of him is left', () => isGone(scorer.dataFolder, mark), 30_000);
    await eventually('nor his photo', async () => !(await isKept(fileOf(scorer.dataFolder, carls))));
    assert.ok(await isKept(fileOf(scorer.dataFolder, his)));
  });
});
