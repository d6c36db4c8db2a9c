import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GRPCInferenceService } from '../../gen/grpc_service_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { compileRoles } from '../../src/access/permissions.ts';
import { loadConfig } from '../../src/config.ts';
import { payloadTypes } from '../../src/events/payloads.ts';

const methods = [IngestService, RecommendationService, ScoringService, GRPCInferenceService].flatMap((service) =>
  service.methods.map(({ name }) => `${service.typeName}/${name}`),
);

function permissionsIn(roles: object = {}) {
  return compileRoles(loadConfig({ env: {}, flags: { set: [`access.roles=${JSON.stringify(roles)}`] } }).access.roles);
}

const permissionsOf = permissionsIn();

function callable(...roles: string[]): string[] {
  return methods.filter((method) => permissionsOf(roles).mayCall(method)).map((method) => method.split('/')[1]!);
}

function publishable(...roles: string[]): string[] {
  const { events } = permissionsOf(roles);
  return payloadTypes.filter(({ number }) => events === undefined || events[number] === 1).map(({ name }) => name);
}

test('a reader reads', () => {
  assert.deepEqual(publishable('reader'), []);
  const may = callable('reader');
  for (const method of ['Recommend', 'GetProfile', 'ListScores', 'GetJournalStatus'])
    assert.ok(may.includes(method), method);
  for (const method of ['Publish', 'Subscribe', 'Score', 'ReviewScore', 'ModelInfer'])
    assert.ok(!may.includes(method), method);
});

test('an app tells of its users and asks, but erases nobody and scores no meal', () => {
  const may = publishable('app');
  for (const type of ['item_viewed', 'cart_added', 'order_completed', 'recommendation_clicked', 'identity_merged']) {
    assert.ok(may.includes(type), type);
  }
  const mayNot = ['user_erased', 'meal_scored', 'meal_reviewed', 'item_upserted', 'config_changed', 'model_installed'];
  for (const type of mayNot) assert.ok(!may.includes(type), type);
  assert.ok(callable('app').includes('PublishStream') && callable('app').includes('Score'));
  for (const method of ['Subscribe', 'ReviewScore', 'RepositoryModelLoad'])
    assert.ok(!callable('app').includes(method), method);
});

test('the others may do what they are for', () => {
  assert.deepEqual(publishable('expert'), ['meal_reviewed']);
  assert.deepEqual(publishable('peer'), ['meal_scored']);
  assert.ok(
    publishable('catalogue').every((type) => payloadTypes.find(({ name }) => name === type)?.group === 'catalogue'),
  );
  assert.ok(callable('expert').includes('ReviewScore') && !callable('expert').includes('Score'));
  assert.ok(callable('peer').includes('Subscribe') && callable('peer').includes('ModelInfer'));
  assert.ok(!callable('peer').includes('RepositoryModelLoad'));
  assert.ok(permissionsOf(['monitor']).mayCall('/metrics') && !callable('monitor').includes('GetProfile'));
});

test('an operator may do everything, which costs an event nothing', () => {
  assert.equal(callable('operator').length, methods.length);
  assert.equal(permissionsOf(['operator']).events, undefined);
  assert.ok(permissionsOf(['operator']).mayCall('/metrics'));
});

test('roles add up, unknown ones give nothing, and the same set is compiled once', () => {
  assert.ok(
    publishable('expert', 'app').includes('meal_reviewed') && publishable('expert', 'app').includes('item_viewed'),
  );
  assert.deepEqual(callable('nobody'), []);
  assert.deepEqual(publishable('nobody'), []);
  assert.equal(permissionsOf(['app', 'reader']), permissionsOf(['reader', 'app', 'app', 'nobody']));
});

test('a role of the configuration takes the place of a shipped one, and null takes it away', () => {
  const own = permissionsIn({
    app: { methods: ['palate.*'], denyMethods: ['*/Subscribe'], events: ['item_*'], denyEvents: ['catalogue/*'] },
    expert: null,
  });
  const app = own(['app']);
  assert.ok(app.mayCall('palate.ingest.v1.IngestService/Publish'));
  assert.ok(!app.mayCall('palate.ingest.v1.IngestService/Subscribe'));
  const types = payloadTypes.filter(({ number }) => app.events?.[number] === 1).map(({ name }) => name);
  assert.ok(types.includes('item_viewed') && !types.includes('item_upserted') && !types.includes('cart_added'));
  assert.ok(!own(['expert']).mayCall('palate.scoring.v1.ScoringService/ReviewScore'));
});

test('every shipped pattern means something', () => {
  const pages = ['/metrics', 'grpc.health.v1.Health/Check', 'grpc.reflection.v1.ServerReflection/ServerReflectionInfo'];
  const later = ['palate.scoring.v1.ScoringService/GetScoringStatus'];
  for (const [name, role] of Object.entries(loadConfig({ env: {} }).access.roles)) {
    for (const pattern of [...role.methods, ...role.denyMethods]) {
      const own = permissionsIn({ own: { methods: [pattern] } })(['own']);
      assert.ok(
        [...methods, ...pages, ...later].some((method) => own.mayCall(method)),
        `${name}: ${pattern}`,
      );
    }
    for (const pattern of [...role.events, ...role.denyEvents]) {
      const { events } = permissionsIn({ own: { events: [pattern] } })(['own']);
      assert.ok(events === undefined || events.includes(1), `${name}: ${pattern}`);
    }
  }
});
