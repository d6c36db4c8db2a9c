import { type CelInput, CelScalar, type CelType, mapType } from '@bufbuild/cel';

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

/** What a field holds, as far as it is known before any item is seen. */
export type FieldType = 'text' | 'number' | 'list' | 'map';

/** The name of a field of `item`. */
export type ItemField = keyof ItemView;

/** The fields of `item`, by name. */
export const itemFields: Readonly<Record<ItemField, FieldType>> = {
  id: 'text',
  title: 'text',
  description: 'text',
  type: 'text',
  categories: 'list',
  tags: 'list',
  price: 'number',
  currency: 'text',
  brand: 'text',
  group: 'text',
  stock: 'text',
  custom: 'map',
};

/** All of them. */
export const allFields = Object.keys(itemFields) as readonly ItemField[];

/** The variables of an expression, for the environment of the evaluator. */
export const itemVariables: { readonly item: CelType } = { item: mapType(CelScalar.STRING, CelScalar.DYN) };

/** The item as the evaluator takes it, with the fields that are asked for. Empty texts count as absent. */
export function celItem(view: ItemView, fields: Iterable<ItemField>): ReadonlyMap<string, CelInput> {
  const item = new Map<string, CelInput>();
  for (const name of fields) {
    const value = view[name];
    if (value !== undefined && value !== '') item.set(name, value as CelInput);
  }
  return item;
}
