/** What an item is like, as its events told it. */
import type { Price } from './price.ts';

/** A custom attribute's value. */
export type AttributeValue = string | number | boolean | readonly string[];

/** The attributes of an item; absent: not told. Never changed in place: an event makes a new one. */
export interface ItemDescription {
  readonly title?: string;
  readonly description?: string;
  readonly itemType?: string;
  /** As the events name them, without those above. */
  readonly categories: readonly string[];
  readonly tags: readonly string[];
  readonly price?: Price;
  readonly brand?: string;
  readonly groupId?: string;
  readonly url?: string;
  readonly imageUri?: string;
  readonly availableFromMicros?: number;
  readonly availableToMicros?: number;
  readonly custom: ReadonlyMap<string, AttributeValue>;
}

/** Shared by all items and people that have none. */
export const noAttributes: ReadonlyMap<string, AttributeValue> = new Map();
const noCategories: readonly string[] = [];

/** An item of which nothing is told. */
export const undescribed: ItemDescription = Object.freeze({ categories: noCategories, tags: [], custom: noAttributes });

/** The names in `ItemPatched.unset` and the fields they empty. */
const fieldOfName: Readonly<Record<string, keyof ItemDescription>> = {
  title: 'title',
  description: 'description',
  item_type: 'itemType',
  categories: 'categories',
  tags: 'tags',
  price: 'price',
  brand: 'brand',
  group_id: 'groupId',
  url: 'url',
  image_uri: 'imageUri',
  available_from: 'availableFromMicros',
  available_to: 'availableToMicros',
  custom: 'custom',
};

const customPrefix = 'custom.';

/**
 * First unsets by name (`title`, `custom.colour`, `custom` for all of them; a name that is nothing is no change), then
 * sets what is given: a field or a custom key given replaces the old one, an empty list or map is not given. Lists are copied:
 * one that was read from a message has room for more.
 */
export function patched(
  old: ItemDescription,
  unset: readonly string[],
  set: Partial<ItemDescription>,
): ItemDescription {
  const next: { -readonly [K in keyof ItemDescription]: ItemDescription[K] } = { ...old };
  const custom = new Map(old.custom);
  for (const name of unset) {
    if (name.startsWith(customPrefix)) custom.delete(name.slice(customPrefix.length));
    else unsetField(next, custom, fieldOfName[name]);
  }
  const { categories, tags, custom: newCustom, ...scalars } = set;
  Object.assign(next, scalars);
  if (categories !== undefined && categories.length > 0) next.categories = categories.slice();
  if (tags !== undefined && tags.length > 0) next.tags = tags.slice();
  for (const [key, value] of newCustom ?? []) custom.set(key, value);
  next.custom = custom.size === 0 ? noAttributes : custom;
  return next;
}

function unsetField(
  description: { -readonly [K in keyof ItemDescription]: ItemDescription[K] },
  custom: Map<string, AttributeValue>,
  field: keyof ItemDescription | undefined,
): void {
  if (field === undefined) return;
  if (field === 'custom') custom.clear();
  else if (field === 'categories' || field === 'tags') description[field] = [];
  else delete description[field];
}

/** The categories and every one above them, each once: "fruit/apple" also counts as "fruit". */
export function withAncestors(categories: readonly string[]): readonly string[] {
  if (categories.length === 0) return noCategories;
  const all = new Set<string>();
  for (const path of categories) {
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
      if (end > 0) all.add(path.slice(0, end));
    }
    if (path !== '') all.add(path);
  }
  return [...all];
}
