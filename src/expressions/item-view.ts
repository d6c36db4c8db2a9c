import type { CelInput } from '@bufbuild/cel';
import { createVocabulary, type Meaning } from './vocabulary.ts';

/** A value of a custom attribute: a text, a number, a truth value or several texts. */
export type CustomValue = string | number | boolean | readonly string[];

/**
 * An item as an expression sees it, under the name `item`. Only the fields that the expression names are read.
 *
 * A text or a price that the item lacks is absent: `has(item.price)` is false, and to read it is an error, which makes
 * the item not match. `categories`, `tags` and `custom` are always there, and may be empty. `stock` is always there: an
 * item counts as in stock until an event says otherwise.
 */
export interface ItemView {
  readonly id: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly type?: string | undefined;
  /** With those above: "fruit/apple" brings "fruit" along. */
  readonly categories: readonly string[];
  readonly tags: readonly string[];
  /** In units of the currency: 2.5 is 2.50 EUR. */
  readonly price?: number | undefined;
  /** ISO 4217. */
  readonly currency?: string | undefined;
  readonly brand?: string | undefined;
  readonly group?: string | undefined;
  readonly stock: 'in_stock' | 'out_of_stock' | 'preorder';
  readonly custom: ReadonlyMap<string, CustomValue>;
}

/** The name of a field of `item`. */
export type ItemField = keyof ItemView;

/** The fields of `item`, by name. */
export const itemFields: Readonly<Record<ItemField, Meaning>> = {
  id: { type: 'text' },
  title: { type: 'text' },
  description: { type: 'text' },
  type: { type: 'text' },
  categories: { type: 'list' },
  tags: { type: 'list' },
  price: { type: 'number' },
  currency: { type: 'text' },
  brand: { type: 'text' },
  group: { type: 'text' },
  stock: { type: 'text' },
  custom: { type: 'map' },
};

/** What a condition on an item may name: `item`, with the fields of {@link ItemView}. */
export const itemVocabulary = createVocabulary({ item: { type: 'map', fields: itemFields } });

/** The item as the evaluator takes it, with the fields that are asked for. Empty texts count as absent. */
export function celItem(view: ItemView, fields: Iterable<ItemField>): ReadonlyMap<string, CelInput> {
  const item = new Map<string, CelInput>();
  for (const name of fields) {
    const value = view[name];
    if (value !== undefined && value !== '') item.set(name, value as CelInput);
  }
  return item;
}
