/** What is held of one person besides their sessions and interactions. */
import type { AttributeValue, Price } from './item-description.ts';

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

export interface CartLine {
  readonly cartId: string;
  readonly item: number;
  quantity: number;
  unitPrice: Price | undefined;
}

/** One item of an order; the same item on several lines is one of these. */
export interface OrderedItem {
  readonly item: number;
  quantity: number;
  /** How many of them were given back. */
  refunded: number;
  readonly unitPrice: Price | undefined;
}

export interface Order {
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
export interface Meal {
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

/** What grows with a person's events; in the order of the entries' first events. */
interface Collections {
  visitorIds: Set<string>;
  opinions: Map<number, Opinion>;
  /** By cart and item, see `cartKey`. */
  cart: Map<string, CartLine>;
  lists: Map<string, Set<number>>;
  /** The latest to come in is the last. */
  orders: Set<Order>;
  meals: Set<Meal>;
}

/** All of it. To change a collection, ask {@link owned} for it. */
export interface PersonRecord {
  attributes: ReadonlyMap<string, AttributeValue>;
  visitorIds: ReadonlySet<string>;
  opinions: ReadonlyMap<number, Opinion>;
  cart: ReadonlyMap<string, CartLine>;
  lists: ReadonlyMap<string, ReadonlySet<number>>;
  orders: ReadonlySet<Order>;
  meals: ReadonlySet<Meal>;
}

/** Shared by all who have none of a kind: most people have a cart and nothing else, and each collection takes 200 bytes. */
const empty: Readonly<PersonRecord> = Object.freeze({
  attributes: new Map(),
  visitorIds: new Set<string>(),
  opinions: new Map(),
  cart: new Map(),
  lists: new Map(),
  orders: new Set<Order>(),
  meals: new Set<Meal>(),
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
