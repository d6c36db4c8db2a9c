/** From the messages of the contract to the plain values that the state holds. */
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { ItemAttributes } from '../../../../gen/palate/event/v1/catalogue_pb.ts';
import type {
  AttributeValue as AttributeMessage,
  Money,
  OrderLine,
} from '../../../../gen/palate/event/v1/values_pb.ts';
import { type AttributeValue, type ItemDescription, noAttributes } from '../item-description.ts';
import { exactMicros, type Price, sharedCode } from '../price.ts';
import { smallNumber } from '../small-number.ts';
import type { TenantState } from '../tenant-state.ts';

/** Microseconds since 1970; what is finer is cut off. */
export function microsOf(timestamp: Timestamp): number {
  return Number(timestamp.seconds) * 1_000_000 + Math.floor(timestamp.nanos / 1_000);
}

/** Undefined: no amount, or none with a currency. */
export function priceOf(money: Money | undefined): Price | undefined {
  if (money === undefined) return undefined;
  return { currencyCode: sharedCode(money.currencyCode), micros: exactMicros(money.micros) };
}

/** A line of a cart or an order. */
export interface Line {
  readonly item: number;
  readonly quantity: number;
  readonly unitPrice: Price | undefined;
}

/** In their order, in which their items become known. */
export function linesOf(tenant: TenantState, lines: readonly OrderLine[]): Line[] {
  return lines.map((line) => {
    const item = tenant.catalogue.intern(line.itemId);
    return { item, quantity: smallNumber(line.quantity ?? 1), unitPrice: priceOf(line.unitPrice) };
  });
}

/** Custom attributes by key; one without a value is left out. */
export function attributesOf(
  messages: Readonly<Record<string, AttributeMessage>>,
): ReadonlyMap<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  for (const [key, { kind }] of Object.entries(messages)) {
    if (kind.case === undefined) continue;
    attributes.set(key, kind.case === 'listValue' ? [...kind.value.values] : kind.value);
  }
  return attributes.size === 0 ? noAttributes : attributes;
}

/** What of an item's attributes is given. */
export function descriptionOf(attributes: ItemAttributes | undefined): Partial<ItemDescription> {
  if (attributes === undefined) return {};
  const { title, description, itemType, brand, groupId, url, imageUri, availableFrom, availableTo } = attributes;
  const { categories, tags } = attributes;
  const price = priceOf(attributes.price);
  const given: Given = { categories, tags, custom: attributesOf(attributes.custom) };
  if (title !== undefined) given.title = title;
  if (description !== undefined) given.description = description;
  if (itemType !== undefined) given.itemType = itemType;
  if (price !== undefined) given.price = price;
  if (brand !== undefined) given.brand = brand;
  if (groupId !== undefined) given.groupId = groupId;
  if (url !== undefined) given.url = url;
  if (imageUri !== undefined) given.imageUri = imageUri;
  if (availableFrom !== undefined) given.availableFromMicros = microsOf(availableFrom);
  if (availableTo !== undefined) given.availableToMicros = microsOf(availableTo);
  return given;
}

type Given = { -readonly [K in keyof ItemDescription]?: ItemDescription[K] };
