/** One process or three: callers see no difference, also while one of the three is away or started anew. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import type { Client, ServiceError } from '@grpc/grpc-js';
import { GRPCInferenceService } from '../../gen/grpc_service_pb.ts';
import { IngestService, PublishStreamRequestSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { event } from '../events/event-samples.ts';
import { call, connect, detailsOf, openDuplex } from '../interop/plain-client.ts';
import { newPhoto } from '../scoring/photos.ts';
import { eventually, type Scope, servePalate } from '../servers/palate-process.ts';
import { scoreBytes } from './scored.ts';
import { type Mesh, type Role, type RoleProcess, roles, serveMesh } from './three-roles.ts';

const { publish, publishStream, getJournalStatus } = IngestService.method;
const { recommend, getStateStatus } = RecommendationService.method;
const within = (millis: number) => ({ deadline: Date.now() + millis });

const mesh = await serveMesh({ after });
const each = roles.map((role) => mesh[role]);

/** Every service is answered by every process. */
async function settled(): Promise<void> {
  for (const { impatient, role } of each) {
    for (const asked of roles) {
      const answers = () => ownCalls[asked](impatient).then(Boolean, () => false);
      await eventually(`${role} answers for ${asked}`, answers, 60_000);
    }
  }
}

let made = 0;

function viewed(person: string) {
  made += 1;
  return event({ case: 'itemViewed', value: { itemId: `item-${made % 50}` } }, { userId: person });
}

describe('each of three processes', () => {
  before(settled);

  for (const role of roles) {
    test(`takes events, recommends and scores, as ${role}`, async () => {
      const { patient } = mesh[role];
      const person = `eater-${role}`;
      const events = Array.from({ length: 20 }, () => viewed(person));
      const { accepted, lastSequence } = await call(patient, publish, { events });
      assert.equal(accepted, 20);
      const again = await call(patient, publish, { events });
      assert.equal(again.duplicates, 20);
      const { items, sequence } = await call(patient, recommend, {
        placement: 'home',
        userId: person,
        minSequence: lastSequence,
      });
      assert.ok(items.length > 0 && sequence >= lastSequence);
      const photo = newPhoto();
      const scored = await scoreBytes(patient, photo, { userId: person });
      assert.equal(scored.labels[0]?.name, 'Banana');
      for (const other of each) assert.equal((await scoreBytes(other.patient, photo)).imageId, scored.imageId);
      const { record } = await call(patient, ScoringService.method.getScore, { imageId: scored.imageId });
      assert.equal(record?.score, scored.score);
      assert.ok((await call(patient, GRPCInferenceService.method.serverReady, {})).ready);
    });
  }

  test('says what is wrong with a request as one process does', async (t) => {
    const alone = connect(t, (await servePalate(t)).grpc);
    const wrong = { placement: 'nowhere', limit: 5 };
    const refused = async (client: RoleProcess['patient']) => {
      const error = await call(client, recommend, wrong).then(
        () => assert.fail('it was answered'),
        (thrown: ServiceError) => thrown,
      );
      return { code: error.code, message: error.details, ...detailsOf(error) };
    };
    const expected = await refused(alone);
    for (const { patient } of each) assert.deepEqual(await refused(patient), expected);
  });

  test('passes a stream of batches on', async () => {
    for (const { patient } of each) {
      const stream = openDuplex(patient, publishStream);
      for (let batch = 0; batch < 5; batch++) {
        stream.write(create(PublishStreamRequestSchema, { events: [viewed('streamer')] }));
      }
      stream.end();
      const answers = await Array.fromAsync(stream);
      assert.deepEqual(
        answers.map(({ accepted }) => accepted),
        [1, 1, 1, 1, 1],
      );
    }
  });
});

/** Publishes one event after another by a client that tries again, and knows which were acknowledged. */
function publishPatiently(t: Scope, client: Client) {
  const acknowledged: string[] = [];
  const failures: string[] = [];
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      const next = viewed('steady');
      try {
        const { accepted, duplicates } = await call(client, publish, { events: [next] }, within(60_000));
        if (accepted + duplicates === 1) acknowledged.push(next.eventId);
      } catch (error) {
        failures.push((error as Error).message);
      }
      await sleep(5);
    }
  })();
  const finish = () => {
    isOver = true;
    return done;
  };
  t.after(finish);
  return { acknowledged, failures, finish };
}

/** Asks one thing after another by a client that tries again. */
function askPatiently(t: Scope, ask: () => Promise<unknown>) {
  const failures: string[] = [];
  let answers = 0;
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      await ask().then(
        () => (answers += 1),
        (error: Error) => failures.push(error.message),
      );
      await sleep(20);
    }
  })();
  const finish = () => {
    isOver = true;
    return done;
  };
  t.after(finish);
  return { failures, answers: () => answers, finish };
}

/** All that was acknowledged is in the journal once, and the recommender holds what its owner does. */
async function assertNothingLost({ ingest, recommendation }: Mesh, acknowledged: readonly string[]): Promise<void> {
  const events = acknowledged.map((eventId) => event({ case: 'itemViewed', value: { itemId: 'any' } }, { eventId }));
  for (let at = 0; at < events.length; at += 1_000) {
    const part = events.slice(at, at + 1_000);
    const { duplicates, accepted } = await call(ingest.patient, publish, { events: part });
    assert.deepEqual({ duplicates, accepted }, { duplicates: part.length, accepted: 0 });
  }
  const { lastSequence } = await call(ingest.patient, getJournalStatus, {});
  const there = await call(recommendation.patient, getStateStatus, { minSequence: lastSequence }, within(60_000));
  assert.equal(there.sequence, lastSequence);
}

/** What each role's own calls say while it is away. */
const ownCalls: Readonly<Record<Role, (client: RoleProcess['impatient']) => Promise<unknown>>> = {
  ingest: (client) => call(client, publish, { events: [viewed('late')] }, within(10_000)),
  recommendation: (client) => call(client, recommend, { placement: 'home', userId: 'steady' }, within(10_000)),
  scoring: (client) => scoreBytes(client, newPhoto(), {}, within(10_000)),
};

for (const away of roles) {
  test(`without ${away} for ten seconds nothing acknowledged is lost, and the others answer what they can`, async (t) => {
    await settled();
    const staying = each.filter(({ role }) => role !== away);
    const publishers = staying.map(({ patient }) => publishPatiently(t, patient));
    await mesh[away].kill();
    const until = Date.now() + 10_000;
    while (Date.now() < until) {
      for (const { impatient, role } of staying) {
        for (const asked of roles) {
          const answer = ownCalls[asked](impatient);
          if (asked !== away) {
            await answer;
            continue;
          }
          const error = await answer.then(
            () => assert.fail(`${asked} answers through ${role} though it is away`),
            (thrown: ServiceError) => thrown,
          );
          const { reason, retryMillis } = detailsOf(error);
          assert.deepEqual([reason, retryMillis !== undefined], ['UNREACHABLE', true], error.message);
        }
      }
    }
    await mesh[away].restart();
    await settled();
    await Promise.all(publishers.map(({ finish }) => finish()));
    await assertNothingLost(
      mesh,
      publishers.flatMap(({ acknowledged }) => acknowledged),
    );
  });
}

test('a rolling restart under load fails no call of a client that tries again as the README tells', async (t) => {
  await settled();
  const { everywhere } = mesh;
  const publishers = [publishPatiently(t, everywhere), publishPatiently(t, everywhere)];
  const askers = [
    askPatiently(t, () => call(everywhere, recommend, { placement: 'home', userId: 'steady' }, within(60_000))),
    askPatiently(t, () => scoreBytes(everywhere, newPhoto(), {}, within(60_000))),
  ];
  for (const { role } of each) {
    await sleep(1_000);
    assert.equal(await mesh[role].stop(), 0, `${role} ends well`);
    await mesh[role].restart();
  }
  await sleep(1_000);
  await Promise.all([...publishers, ...askers].map(({ finish }) => finish()));
  for (const { failures } of [...publishers, ...askers]) assert.deepEqual(failures, []);
  for (const { answers } of askers) assert.ok(answers() > 10);
  await assertNothingLost(
    mesh,
    publishers.flatMap(({ acknowledged }) => acknowledged),
  );
});
