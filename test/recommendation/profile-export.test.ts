/** GetProfile beside the state: whatever is held of a person is in what they are given. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create, type JsonObject, toJson } from '@bufbuild/protobuf';
import {
  GetProfileRequestSchema,
  GetProfileResponseSchema,
} from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { timestampOf } from '../../src/events/timestamp.ts';
import { emptyRecord } from '../../src/recommendation/fold/person.ts';
import type { TenantState } from '../../src/recommendation/fold/tenant-state.ts';
import { getProfile } from '../../src/recommendation/profile.ts';
import type { Reading } from '../../src/recommendation/reading.ts';
import { foldInto, freshState } from './tenant-fixture.ts';

const user = { userId: 'ann', visitorId: 'phone', sessionId: 'visit-1' };
const euros = (micros: string) => ({ currencyCode: 'EUR', micros });
const imageId = '0190c3f0-0000-7000-8000-000000000001';

/** Something in every field of what can be held of a person, each value its own. */
const events: JsonObject[] = [
  { visitorId: 'phone', itemViewed: { itemId: 'seen-before' } },
  { ...user, identityMerged: {} },
  { ...user, userUpserted: { attributes: { diet: { stringValue: 'vegan' }, age: { numberValue: 41.5 } } } },
  { ...user, consentChanged: { personalised: true } },
  { ...user, itemViewed: { itemId: 'seen' } },
  { userId: 'ann', itemViewed: { itemId: 'seen-without-a-session' } },
  { ...user, itemReacted: { itemId: 'disliked', reaction: 'REACTION_DISLIKE' } },
  { ...user, itemRated: { itemId: 'rated', value: 1.25, scale: 5 } },
  { ...user, cartAdded: { itemId: 'carted', cartId: 'cart-1', quantity: 3.375, unitPrice: euros('1234567') } },
  { ...user, listAdded: { listId: 'wishes', itemId: 'wished' } },
  {
    ...user,
    orderCompleted: {
      orderId: 'order-1',
      lines: [{ itemId: 'bought', quantity: 7, unitPrice: euros('7654321') }],
      value: euros('53580247'),
    },
  },
  { ...user, orderRefunded: { orderId: 'order-1', lines: [{ itemId: 'bought', quantity: 2.125 }], value: euros('1') } },
  {
    ...user,
    mealScored: {
      imageId,
      sha256: '0'.repeat(64),
      score: 3.75,
      itemId: 'eaten',
      labels: [{ name: 'salad', confidence: 0.875 }],
      model: { name: 'food', version: '9' },
    },
  },
  { mealReviewed: { imageId, score: 2.25, labels: ['soup'], reviewerId: 'expert', comment: 'it is a soup' } },
];

/** Held, and not the person's: who another person is, and numbers that only the state means something by. */
const withheld = new Set(['person', 'reviewerId']);

/** Of all that is held, each value as it stands in JSON, with where it is. */
function* valuesHeld(tenant: TenantState, held: unknown, place: string): Generator<[place: string, text: string]> {
  const name = place.split('.').at(-1)!;
  if (held === undefined || withheld.has(name) || Number.isNaN(held)) return;
  if (typeof held === 'number' || typeof held === 'bigint') yield [place, textOf(tenant, name, held)];
  else if (typeof held === 'string') yield [place, JSON.stringify(held)];
  else if (held instanceof Map) {
    for (const [key, value] of held) {
      if (name === 'opinions') yield [`${place}.item`, JSON.stringify(tenant.catalogue.idOf(key))];
      else yield [`${place}.key`, JSON.stringify(key)];
      yield* valuesHeld(tenant, value, `${place}.entry`);
    }
  } else if (held instanceof Set || Array.isArray(held)) {
    const isItems = name === 'items' && [...held].every((one) => typeof one === 'number');
    for (const one of held) yield* valuesHeld(tenant, one, isItems ? `${place}.item` : place);
  } else if (typeof held === 'object' && held !== null) {
    for (const [key, value] of Object.entries(held)) yield* valuesHeld(tenant, value, `${place}.${key}`);
  }
}

function textOf(tenant: TenantState, name: string, held: number | bigint): string {
  if (name === 'item') return JSON.stringify(tenant.catalogue.idOf(Number(held)));
  if (name === 'reaction') return held === 2 ? '"REACTION_DISLIKE"' : '';
  if (name === 'eventType') return '"event';
  if (name.endsWith('Micros')) return held === 0 ? '' : timeText(Number(held));
  return typeof held === 'bigint' ? `"${held}"` : String(held);
}

function timeText(micros: number): string {
  const { seconds } = timestampOf(micros);
  return new Date(Number(seconds) * 1_000).toISOString().replace('.000Z', 'Z');
}

describe('GetProfile', () => {
  const state = freshState();
  const tenant = foldInto(state, events);
  const person = tenant.people.numberOf({ userId: 'ann' })!;
  const reading = { feed: { state } } as unknown as Reading;
  const call = { tenant: '', signal: new AbortController().signal, deadlineMillis: Number.POSITIVE_INFINITY };
  const request = { userId: 'ann', interactionLimit: 1_000, includeSessions: true };

  async function exported(): Promise<string> {
    const answer = await getProfile(reading, create(GetProfileRequestSchema, request), call);
    return JSON.stringify(toJson(GetProfileResponseSchema, create(GetProfileResponseSchema, answer)));
  }

  it('gives out every value that is held in a person’s record', async () => {
    const text = await exported();
    const held = [...valuesHeld(tenant, tenant.people.profile(person), 'profile')];
    assert.ok(held.length > 50, `${held.length} values`);
    for (const [place, value] of held) assert.ok(text.includes(value), `${place}: ${value} is not in ${text}`);
  });

  it('is held against a person of whom every field holds something', () => {
    const record = tenant.people.recordOf(person);
    for (const field of Object.keys(emptyRecord()) as (keyof typeof record)[]) {
      const held = record[field];
      const isEmpty = held === undefined || ('size' in held && held.size === 0);
      assert.ok(!isEmpty, `give the person of this test something for ${field}`);
    }
  });

  it('gives out sessions, consent and time', async () => {
    const profile = JSON.parse(await exported());
    assert.deepEqual(
      profile.sessions.map(({ sessionId, itemIds }: JsonObject) => [sessionId ?? '', itemIds]),
      [
        ['visit-1', ['seen', 'carted', 'wished', 'bought']],
        ['', ['seen-before', 'seen-without-a-session']],
      ],
    );
    assert.equal(profile.consentStated, true);
    assert.deepEqual(profile.visitorIds, ['phone']);
    assert.ok(profile.firstSeenAt < profile.lastSeenAt);
  });

  it('has nobody else’s name in it', async () => {
    assert.equal((await exported()).includes('expert'), false);
  });
});
