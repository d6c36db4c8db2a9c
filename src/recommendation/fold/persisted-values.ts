/** How descriptions, attributes and prices are written into a snapshot, and read from it. */
import type { RecordReader, RecordWriter } from './archive.ts';
import { type AttributeValue, type ItemDescription, noAttributes } from './item-description.ts';
import { exactMicros, type Price, sharedCode } from './price.ts';

/** By the number that stands for it. */
const kinds = ['string', 'number', 'boolean', 'object'] as const;

export function writeDescription(out: RecordWriter, description: ItemDescription): void {
  const { title, itemType, brand, groupId, url, imageUri } = description;
  for (const text of [title, description.description, itemType, brand, groupId, url, imageUri]) {
    out.optional(text, (value) => out.text(value));
  }
  for (const texts of [description.categories, description.tags]) writeTexts(out, texts);
  out.optional(description.price, (price) => writePrice(out, price));
  for (const micros of [description.availableFromMicros, description.availableToMicros]) {
    out.optional(micros, (value) => out.number(value));
  }
  writeAttributes(out, description.custom);
}

export function readDescription(from: RecordReader): ItemDescription {
  const text = () => from.optional(() => from.text());
  const time = () => from.optional(() => from.number());
  return given({
    title: text(),
    description: text(),
    itemType: text(),
    brand: text(),
    groupId: text(),
    url: text(),
    imageUri: text(),
    categories: readTexts(from),
    tags: readTexts(from),
    price: from.optional(() => readPrice(from)),
    availableFromMicros: time(),
    availableToMicros: time(),
    custom: readAttributes(from),
  });
}

export function writePrice(out: RecordWriter, price: Price): void {
  out.text(price.currencyCode);
  out.bigint(BigInt(price.micros));
}

export function readPrice(from: RecordReader): Price {
  return { currencyCode: sharedCode(from.text()), micros: exactMicros(from.bigint()) };
}

export function writeAttributes(out: RecordWriter, attributes: ReadonlyMap<string, AttributeValue>): void {
  out.list(attributes, attributes.size, ([key, value]) => {
    out.text(key);
    out.number(kinds.indexOf(typeof value as (typeof kinds)[number]));
    if (typeof value === 'string') out.text(value);
    else if (typeof value === 'object') writeTexts(out, value);
    else out.number(Number(value));
  });
}

export function readAttributes(from: RecordReader): ReadonlyMap<string, AttributeValue> {
  const entries = from.list(() => [from.text(), readAttribute(from)] as const);
  return entries.length === 0 ? noAttributes : new Map(entries);
}

function readAttribute(from: RecordReader): AttributeValue {
  const kind = kinds[from.number()];
  if (kind === 'string') return from.text();
  if (kind === 'object') return readTexts(from);
  return kind === 'boolean' ? from.flag() : from.number();
}

export function writeTexts(out: RecordWriter, texts: readonly string[]): void {
  out.list(texts, texts.length, (text) => out.text(text));
}

export function readTexts(from: RecordReader): string[] {
  // A copy has no room to spare.
  return from.list(() => from.text()).slice();
}

/** Without what is undefined: absent is not told. */
function given(all: { [K in keyof ItemDescription]-?: ItemDescription[K] | undefined }): ItemDescription {
  const told: Record<string, unknown> = {};
  for (const key in all) {
    const value = all[key as keyof ItemDescription];
    if (value !== undefined) told[key] = value;
  }
  return told as unknown as ItemDescription;
}
