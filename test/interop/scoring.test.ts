/** The scorer, as clients see it that have nothing of ours: JSON over HTTP, and gRPC by what reflection tells. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fromJson, toJson } from '@bufbuild/protobuf';
import { newPhoto } from '../scoring/photos.ts';
import { servePalate } from '../servers/palate-process.ts';
import type { Answer } from './every-method.ts';
import { call, connect, openDuplex } from './plain-client.ts';
import { reflect } from './reflected-services.ts';

const typeName = 'palate.scoring.v1.ScoringService';
const args = ['--roles', 'ingest,recommendation,scoring', '--set', 'scoring.models.instances=1'];
const server = await servePalate({ after }, { args });
const client = connect({ after }, server.grpc);
const { names, registry } = await reflect(client);
const photoJson = () => ({ imageBytes: newPhoto().toString('base64') });

async function post(method: string, body: object): Promise<Answer> {
  const response = await fetch(`http://${server.http}/${typeName}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer;
}

function methodOf(name: string) {
  const method = registry.getService(typeName)?.methods.find((each) => each.name === name);
  assert.ok(method !== undefined);
  return method;
}

test('reflection lists it', () => assert.ok(names.includes(typeName)));

test('JSON over HTTP: a photo, its record, the queue, a review, the models', async () => {
  const scored = await post('Score', { requestId: 'one', userId: 'ada', ...photoJson() });
  assert.deepEqual([scored.requestId, scored.labels[0].name, scored.deduplicated], ['one', 'Banana', false]);
  assert.ok(scored.score > 4 && scored.timings.totalMicros > 0);
  const { imageId } = scored;
  const { record } = await post('GetScore', { imageId });
  assert.deepEqual([record.sha256, record.score, record.userId], [scored.sha256, scored.score, 'ada']);
  const { records } = await post('ListScores', { pageSize: 10 });
  assert.deepEqual(
    records.map((each: Answer) => each.imageId),
    [imageId],
  );
  const review = { imageId, score: 3, labels: ['Plantain'], reviewerId: 'expert' };
  const reviewed = await post('ReviewScore', review);
  assert.deepEqual([reviewed.record.score, reviewed.record.modelScore], [3, scored.score]);
  assert.ok(Number(reviewed.sequence) > 0);
  const { models } = await post('ListModels', {});
  assert.deepEqual([models[0].model.name, models[0].labels.length], ['food', 116]);
});

test('JSON over HTTP: what is refused says why', async () => {
  const response = await fetch(`http://${server.http}/${typeName}/Score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'none', ...photoJson() }),
  });
  assert.equal(response.status, 404);
  const { code, details } = (await response.json()) as Answer;
  assert.deepEqual([code, details[0].debug.reason], ['not_found', 'MODEL_UNKNOWN']);
});

test('gRPC by reflection: a photo, and a stream of them', async () => {
  const unary = methodOf('Score');
  const answer = await call(client, unary, fromJson(unary.input, photoJson(), { registry }));
  assert.equal((toJson(unary.output, answer, { registry }) as Answer).labels[0].name, 'Banana');

  const duplex = methodOf('ScoreStream');
  const stream = openDuplex(client, duplex);
  for (const request of [
    { requestId: 'good', ...photoJson() },
    { requestId: 'bad', imageBytes: 'AAAA' },
    { requestId: 'none' },
  ]) {
    stream.write(fromJson(duplex.input, request, { registry }));
  }
  stream.end();
  const answers = (await Array.fromAsync(stream)).map((each) => toJson(duplex.output, each, { registry }) as Answer);
  const of = (id: string) => answers.find(({ requestId }) => requestId === id);
  assert.equal(of('good').result.labels[0].name, 'Banana');
  assert.equal(of('bad').result.rejection.reason, 'UNREADABLE');
  assert.equal(of('none').error.code, 3);
  assert.equal(answers.length, 3);
});
