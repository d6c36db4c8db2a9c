/** How descriptions, attributes and prices are written for a digest. */
import type { CanonicalWriter } from './canonical-writer.ts';
import type { AttributeValue, ItemDescription } from './item-description.ts';
import type { Price } from './price.ts';

/** What an item is like. */
export function writeDescription(writer: CanonicalWriter, description: ItemDescription): void {
  const { title, itemType, brand, groupId, url, imageUri } = description;
  for (const text of [title, description.description, itemType, brand, groupId, url, imageUri]) {
    writer.optional(text, (value) => writer.text(value));
  }
  for (const texts of [description.categories, description.tags]) writer.list(texts, (text) => writer.text(text));
  writer.optional(description.price, (price) => writePrice(writer, price));
  writer.number(description.availableFromMicros ?? Number.NaN);
  writer.number(description.availableToMicros ?? Number.NaN);
  writeAttributes(writer, description.custom);
}

/** A currency's code and an amount in micros. */
export function writePrice(writer: CanonicalWriter, price: Price): void {
  writer.text(price.currencyCode);
  writer.text(price.micros.toString());
}

/** By key, sorted: the order in which a map came over the wire says nothing. */
export function writeAttributes(writer: CanonicalWriter, attributes: ReadonlyMap<string, AttributeValue>): void {
  const sorted = [...attributes].sort(([a], [b]) => (a < b ? -1 : 1));
  writer.list(sorted, ([key, value]) => {
    writer.text(key);
    writer.text(typeof value);
    if (typeof value === 'string') writer.text(value);
    else if (typeof value === 'object') writer.list(value, (text) => writer.text(text));
    else writer.number(Number(value));
  });
}
