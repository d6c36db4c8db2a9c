import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { GetProfileRequestSchema } from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { hasMasked, isMasked, maskUser } from '../../../src/recommendation/erasure/masks.ts';
import { digestOf } from '../../../src/recommendation/fold/digest.ts';
import { defaultFoldSettings } from '../../../src/recommendation/fold/settings.ts';
import { createState } from '../../../src/recommendation/fold/state.ts';
import type { TenantState } from '../../../src/recommendation/fold/tenant-state.ts';
import { getProfile } from '../../../src/recommendation/profile.ts';
import type { Reading } from '../../../src/recommendation/reading.ts';
import { nobody, resolveSubject } from '../../../src/recommendation/subject.ts';
import { foldInto, freshState, viewed, viewedBy } from '../tenant-fixture.ts';

const request = { userId: '', visitorId: '', sessionId: '', recentItemIds: [] as string[], contextItemId: '' };

function maskedAnn() {
  const state = freshState();
  const tenant = foldInto(state, [
    { visitorId: 'phone', itemViewed: { itemId: 'a' } },
    { userId: 'ann', visitorId: 'phone', identityMerged: {} },
    { userId: 'ann', sessionId: 'hers', itemViewed: { itemId: 'b' } },
    ...viewedBy('bob', 'c'),
    ...viewed('nobodys', 'a', 'b'),
  ]);
  const before = digestOf(tenant);
  maskUser(tenant, 'ann');
  return { state, tenant, before };
}

const subjectOf = (tenant: TenantState, who: Partial<typeof request>) => resolveSubject(tenant, { ...request, ...who });

describe('a masked user', () => {
  test('is nobody, by whichever id they are asked for', () => {
    const { tenant } = maskedAnn();
    for (const who of [{ userId: 'ann' }, { visitorId: 'phone' }, { sessionId: 'hers' }]) {
      assert.deepEqual(subjectOf(tenant, who), nobody, JSON.stringify(who));
    }
    assert.deepEqual(subjectOf(tenant, { userId: 'ann', sessionId: 'hers' }), nobody);
  });

  test('gets recommendations by what the request itself says', () => {
    const { tenant } = maskedAnn();
    assert.equal(subjectOf(tenant, { userId: 'ann', recentItemIds: ['a', 'b'] }).session.length, 2);
  });

  test('has an empty profile', async () => {
    const { state } = maskedAnn();
    const reading = { feed: { state } } as unknown as Reading;
    const call = { tenant: '', signal: new AbortController().signal, deadlineMillis: Number.POSITIVE_INFINITY };
    for (const who of [{ userId: 'ann' }, { visitorId: 'phone' }, { userId: 'ann', includeSessions: true }]) {
      const profile = await getProfile(reading, create(GetProfileRequestSchema, who), call);
      assert.deepEqual(profile, { sequence: BigInt(state.sequence), personalised: true });
    }
  });

  test('is not confused with who gets their number when the state has forgotten them', () => {
    const state = createState({ ...defaultFoldSettings, maxPeople: 2 });
    const tenant = foldInto(state, [...viewedBy('ann', 'a'), ...viewedBy('bob', 'a')]);
    const ann = tenant.people.numberOf({ userId: 'ann' })!;
    maskUser(tenant, 'ann');
    assert.ok(isMasked(tenant, ann));
    foldInto(state, viewedBy('cleo', 'a'));
    assert.equal(tenant.people.numberOf({ userId: 'cleo' }), ann);
    assert.equal(isMasked(tenant, ann), false);
  });

  test('is masked beside the state, which is as it was, and hides nobody else', () => {
    const { tenant, before } = maskedAnn();
    assert.equal(digestOf(tenant), before);
    assert.ok(hasMasked(tenant));
    const bob = tenant.people.numberOf({ userId: 'bob' })!;
    assert.equal(isMasked(tenant, bob), false);
    assert.equal(subjectOf(tenant, { userId: 'bob' }).person, bob);
    assert.notEqual(subjectOf(tenant, { sessionId: 'nobodys' }).sessionNumber, -1);
  });

  test('who is not known, of a tenant that is not, masks nobody', () => {
    const { tenant } = maskedAnn();
    maskUser(undefined, 'ann');
    const other = foldInto(freshState(), viewedBy('bob', 'a'));
    maskUser(other, 'ann');
    assert.equal(hasMasked(other), false);
    assert.ok(hasMasked(tenant));
  });
});
