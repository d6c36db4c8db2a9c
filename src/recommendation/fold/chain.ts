/**
 * A few things in an order: a holder knows the first, and each knows the next. Most people have one or two of a kind, and a
 * collection of its own for each of them is most of what a collector of garbage would have to walk through. To find one takes
 * as many steps as there are, so that a chain is for what is bounded by hundreds.
 *
 * What is in a chain is in no other.
 */

export interface Linked<T> {
  /** Undefined: the last. */
  next: T | undefined;
}

/** From the first to the last. What is taken out in between must not be the one answered last. */
export function* each<T extends Linked<T>>(first: T | undefined): Generator<T, void> {
  for (let one = first; one !== undefined; one = one.next) yield one;
}

export function lengthOf<T extends Linked<T>>(first: T | undefined): number {
  let length = 0;
  for (let one = first; one !== undefined; one = one.next) length++;
  return length;
}

/** Links them in their order; answers the first. */
export function chained<T extends Linked<T>>(all: readonly T[]): T | undefined {
  for (let i = 0; i < all.length; i++) all[i]!.next = all[i + 1];
  return all[0];
}

/** Puts one at the end; one that is in stays where it is. Answers the first. */
export function append<T extends Linked<T>>(first: T | undefined, one: T): T {
  if (first === undefined || first === one) return one;
  let last = first;
  while (last.next !== undefined) {
    last = last.next;
    if (last === one) return first;
  }
  last.next = one;
  return first;
}

/** Takes one out, where it is in. Answers the first. */
export function without<T extends Linked<T>>(first: T | undefined, one: T): T | undefined {
  if (first === one) {
    const { next } = one;
    one.next = undefined;
    return next;
  }
  for (let before = first; before !== undefined; before = before.next) {
    if (before.next !== one) continue;
    before.next = one.next;
    one.next = undefined;
    break;
  }
  return first;
}
