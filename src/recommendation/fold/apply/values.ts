/** From the messages of the contract to the plain values that the state holds. */
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { ItemAttributes } from '../../../../gen/palate/event/v1/catalogue_pb.ts';
import type { AttributeValue as AttributeMessage, Money } from '../../../../gen/palate/event/v1/values_pb.ts';
import type { AttributeValue, ItemDescription, Price } from '../item-description.ts';

/** Microseconds since 1970; what is finer is cut off. */
export function microsOf(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1_000_000 + Math.floor(timestamp.nanos / 1_000);
}

/** Undefined: no amount, or none with a currency. */
export function priceOf(money: Money | undefined): Price | undefined {
  return money === undefined ? undefined : { currencyCode: money.currencyCode, micros: money.micros };
}

/** Custom attributes by key; one without a value is left out. */
export function attributesOf(messages: Readonly<Record<string, AttributeMessage>>): Map<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  for (const [key, { kind }] of Object.entries(messages)) {
    if (kind.case === undefined) continue;
    attributes.set(key, kind.case === 'listValue' ? [...kind.value.values] : kind.value);
  }
  return attributes;
}

/** What of an item's attributes is given. */
export function descriptionOf(attributes: ItemAttributes | undefined): Partial<ItemDescription> {
  if (attributes === undefined) return {};
  const { price, availableFrom, availableTo } = attributes;
  const given = {
    title: attributes.title,
    description: attributes.description,
    itemType: attributes.itemType,
    categories: attributes.categories,
    tags: attributes.tags,
    price: priceOf(price),
    brand: attributes.brand,
    groupId: attributes.groupId,
    url: attributes.url,
    imageUri: attributes.imageUri,
    availableFromMicros: availableFrom && microsOf(availableFrom),
    availableToMicros: availableTo && microsOf(availableTo),
    custom: attributesOf(attributes.custom),
  };
  return withoutUndefined(given);
}

function withoutUndefined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
