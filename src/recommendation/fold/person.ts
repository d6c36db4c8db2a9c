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

/** All of it; maps and lists in the order of their entries' first events. */
export interface PersonRecord {
  attributes: ReadonlyMap<string, AttributeValue>;
  readonly visitorIds: Set<string>;
  readonly opinions: Map<number, Opinion>;
  /** By cart and item, see `cartKey`. */
  readonly cart: Map<string, CartLine>;
  readonly lists: Map<string, Set<number>>;
  /** The latest to come in is the last. */
  readonly orders: Set<Order>;
  readonly meals: Set<Meal>;
}

export function emptyRecord(): PersonRecord {
  return {
    attributes: new Map(),
    visitorIds: new Set(),
    opinions: new Map(),
    cart: new Map(),
    lists: new Map(),
    orders: new Set(),
    meals: new Set(),
  };
}
