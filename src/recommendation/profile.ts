import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Reaction, Reaction as ReactionNumbers } from '../../gen/palate/event/v1/outcome_pb.ts';
import { type AttributeValue as AttributeMessage, AttributeValueSchema } from '../../gen/palate/event/v1/values_pb.ts';
import type {
  GetProfileRequest,
  GetProfileResponseSchema,
} from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { timestampOf } from '../events/timestamp.ts';
import { isMasked } from './erasure/masks.ts';
import type { CartLine } from './fold/cart.ts';
import { each } from './fold/chain.ts';
import { eventTypeName } from './fold/event-types.ts';
import type { AttributeValue } from './fold/item-description.ts';
import type { Profile } from './fold/people.ts';
import type { Meal, Opinion, Order, OrderedItem } from './fold/person.ts';
import { type Price, priceIn } from './fold/price.ts';
import type { TenantState } from './fold/tenant-state.ts';
import { sessionsOf } from './profile-sessions.ts';
import { type ReadCall, type Reading, stateFor, whenThere } from './reading.ts';

const defaultLimit = 100;

type Answer = MessageInitShape<typeof GetProfileResponseSchema>;

/** Answers `GetProfile`: all that the state holds of one person; empty where it holds nothing. */
export function getProfile(reading: Reading, request: GetProfileRequest, call: ReadCall) {
  return whenThere(stateFor(reading.feed, request, call), ({ tenant, sequence }): Answer | Promise<Answer> => {
    const nothing: Answer = { sequence, personalised: true };
    const { userId, visitorId } = request;
    const person = tenant?.people.numberOf({ userId, visitorId });
    if (tenant === undefined || person === undefined || isMasked(tenant, person)) return nothing;
    const limit = request.interactionLimit === 0 ? defaultLimit : request.interactionLimit;
    const consentStated = tenant.people.consentOf(person) !== 0;
    const answer = { ...answerProfile(tenant, tenant.people.profile(person), limit), consentStated, sequence };
    if (!request.includeSessions) return answer;
    // Events that are folded meanwhile are not in the rest of the answer; an erasure holds for all of it.
    return sessionsOf(tenant, person, call.signal).then((sessions) =>
      isMasked(tenant, person) ? nothing : { ...answer, sessions },
    );
  });
}

/** Items that the state has forgotten have no ids any more: what is held of them is left out. */
function answerProfile(tenant: TenantState, profile: Profile, limit: number): Exclude<Answer, { $typeName: string }> {
  const { catalogue } = tenant;
  const idOf = (item: number) => catalogue.idOf(item);
  const isHeld = ({ item }: { readonly item: number }) => catalogue.isHeld(item);
  const cart = [...each(profile.cart)].filter(isHeld);
  const interactions = profile.interactions.filter(isHeld);
  const opinions = [...profile.opinions].filter(([item]) => isHeld({ item }));
  return {
    userId: profile.userId,
    visitorIds: [...profile.visitorIds],
    attributes: Object.fromEntries([...profile.attributes].map(([key, value]) => [key, attribute(value)])),
    personalised: profile.personalised,
    interactions: interactions.slice(0, limit).map(({ item, eventType, occurredAtMicros }) => ({
      itemId: idOf(item),
      eventType: eventTypeName(eventType),
      occurredAt: timestampOf(occurredAtMicros),
    })),
    opinions: opinions.map(([item, word]) => ({ itemId: idOf(item), ...opinion(word) })),
    cart: cart.map((line) => orderLine(line, line.quantity, idOf)),
    carts: cartsOf(cart, idOf),
    lists: Array.from(each(profile.lists), ({ listId, items }) => ({
      listId,
      itemIds: items.map(idOf).filter((id) => id !== ''),
    })),
    orders: latestFirst(each(profile.orders)).map((order) => placedOrder(order, order.items.filter(isHeld), idOf)),
    meals: latestFirst(each(profile.meals))
      .filter(isJudged)
      .slice(0, limit)
      .map((meal) => scoredMeal(meal, idOf)),
    firstSeenAt: timestampOf(profile.firstSeenMicros),
    lastSeenAt: timestampOf(profile.lastSeenMicros),
  };
}

type IdOf = (item: number) => string;

function attribute(value: AttributeValue): AttributeMessage {
  return create(AttributeValueSchema, { kind: attributeKind(value) });
}

function attributeKind(value: AttributeValue): NonNullable<MessageInitShape<typeof AttributeValueSchema>['kind']> {
  if (typeof value === 'string') return { case: 'stringValue', value };
  if (typeof value === 'number') return { case: 'numberValue', value };
  if (typeof value === 'boolean') return { case: 'boolValue', value };
  return { case: 'listValue', value: { values: [...value] } };
}

/** The fold's reactions have the numbers of the contract. */
function opinion({ reaction: number, reactedAtMicros, rating, ratedAtMicros }: Opinion) {
  const reaction = number as Reaction;
  return {
    reaction,
    ...(reaction === ReactionNumbers.UNSPECIFIED ? {} : { reactedAt: timestampOf(reactedAtMicros) }),
    ...(Number.isNaN(rating) ? {} : { rating, ratedAt: timestampOf(ratedAtMicros) }),
  };
}

function cartsOf(lines: Iterable<CartLine>, idOf: IdOf) {
  return [...Map.groupBy(lines, ({ cartId }) => cartId)].map(([cartId, own]) => ({
    cartId,
    lines: own.map((line) => orderLine(line, line.quantity, idOf)),
  }));
}

function money(price: Price | undefined) {
  return price === undefined ? undefined : { currencyCode: price.currencyCode, micros: BigInt(price.micros) };
}

function orderLine(line: CartLine | OrderedItem, quantity: number, idOf: IdOf) {
  const price = money(priceIn(line));
  return { itemId: idOf(line.item), quantity, ...(price === undefined ? {} : { unitPrice: price }) };
}

/** What was wholly given back is no line any more. */
function placedOrder({ orderId, occurredAtMicros, value }: Order, items: readonly OrderedItem[], idOf: IdOf) {
  const kept = items.filter(({ quantity, refunded }) => quantity > refunded);
  const givenBack = items.filter(({ refunded }) => refunded > 0);
  const worth = money(value);
  return {
    orderId,
    occurredAt: timestampOf(occurredAtMicros),
    lines: kept.map((line) => orderLine(line, line.quantity - line.refunded, idOf)),
    refundedLines: givenBack.map((line) => orderLine(line, line.refunded, idOf)),
    ...(worth === undefined ? {} : { value: worth }),
  };
}

/** A review that came before its score counts only if it has a score itself. */
function isJudged({ score, photo: { review } }: Meal): boolean {
  return !Number.isNaN(review?.score ?? Number.NaN) || !Number.isNaN(score);
}

function scoredMeal({ imageId, occurredAtMicros, score, labels, model, item, photo: { review } }: Meal, idOf: IdOf) {
  const expert = review?.score ?? Number.NaN;
  const words = review?.labels ?? [];
  return {
    imageId,
    occurredAt: timestampOf(occurredAtMicros),
    score: Number.isNaN(expert) ? score : expert,
    labels: words.length > 0 ? words.map((name) => ({ name, confidence: 1 })) : labels.map((label) => ({ ...label })),
    itemId: item === -1 ? '' : idOf(item),
    reviewed: review !== undefined,
    ...(Number.isNaN(score) ? {} : { modelScore: score }),
    modelLabels: labels.map((label) => ({ ...label })),
    model,
    reviewComment: review?.comment ?? '',
  };
}

function latestFirst<T extends { readonly occurredAtMicros: number }>(all: Iterable<T>): T[] {
  return [...all].reverse().sort((a, b) => b.occurredAtMicros - a.occurredAtMicros);
}
