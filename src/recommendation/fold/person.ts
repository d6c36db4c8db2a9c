/** What is held of one person besides their sessions and interactions. */
import type { CartLine } from './cart.ts';
import type { Linked } from './chain.ts';
import { type AttributeValue, noAttributes } from './item-description.ts';
import type { ItemList } from './lists.ts';
import type { Price, Priced } from './price.ts';

/** Reactions by their numbers in `palate.event.v1.Reaction`; 0: none. */
export const reactions = { none: 0, like: 1, dislike: 2, hide: 3, notInterested: 4, withdrawn: 5 } as const;

/** A person's word on an item. Each weight is what it gave to popularity, so that it can be taken back. */
export interface Opinion {
  /** One of {@link reactions}, never `withdrawn`. */
  reaction: number;
  reactedAtMicros: number;
  /** 0 to 1; NaN: not rated. */
  rating: number;
  ratedAtMicros: number;
}

/** One item of an order; the same item on several lines is one of these. */
export interface OrderedItem extends Readonly<Priced> {
  readonly item: number;
  quantity: number;
  /** How many of them were given back. */
  refunded: number;
}

export interface Order extends Linked<Order> {
  readonly orderId: string;
  /** -1: nobody known. */
  person: number;
  readonly occurredAtMicros: number;
  readonly items: readonly OrderedItem[];
  /** What it cost, less what was paid back. */
  value: Price | undefined;
}

export interface MealLabel {
  readonly name: string;
  readonly confidence: number;
}

/** A photo of a meal. A review may come before the score. */
export interface Meal extends Linked<Meal> {
  readonly imageId: string;
  /** -1: nobody known. */
  person: number;
  occurredAtMicros: number;
  /** The model's; NaN: not scored yet. */
  score: number;
  labels: readonly MealLabel[];
  model: string;
  /** -1: none was named. */
  item: number;
  /** Shared by all whose meal the photo is. */
  photo: ReviewedPhoto;
}

/** What an expert said of a photo holds for everybody's meal. */
export interface ReviewedPhoto {
  review: MealReview | undefined;
}

export interface MealReview {
  /** NaN: nothing said. */
  readonly score: number;
  /** Empty: nothing said. */
  readonly labels: readonly string[];
  readonly reviewerId: string;
  readonly comment: string;
}

/** What grows with a person's events and may grow large; in the order of the entries' first events. */
interface Collections {
  visitorIds: Set<string>;
  opinions: Map<number, Opinion>;
}

/** All of it. To change a collection, ask {@link owned} for it. */
export interface PersonRecord {
  attributes: ReadonlyMap<string, AttributeValue>;
  visitorIds: ReadonlySet<string>;
  opinions: ReadonlyMap<number, Opinion>;
  /** Chains, by their first; `cart.ts` and `lists.ts` change what is in them. */
  cart: CartLine | undefined;
  lists: ItemList | undefined;
  /** The latest to come in is the last. */
  orders: Order | undefined;
  meals: Meal | undefined;
}

/** Shared by all who have none of a kind: most people have few of them, and each collection takes 200 bytes. */
const empty: Readonly<PersonRecord> = Object.freeze({
  attributes: noAttributes,
  visitorIds: new Set<string>(),
  opinions: new Map(),
  cart: undefined,
  lists: undefined,
  orders: undefined,
  meals: undefined,
});

export function emptyRecord(): PersonRecord {
  return { ...empty };
}

/** A collection that may be changed: the record's own, made where it had none. */
export function owned<K extends keyof Collections>(record: PersonRecord, name: K): Collections[K] {
  if (record[name] === empty[name]) {
    const isSet = empty[name] instanceof Set;
    Object.assign(record, { [name]: isSet ? new Set() : new Map() });
  }
  return record[name] as Collections[K];
}
