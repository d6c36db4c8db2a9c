/** A person's carts. A line is one item in one cart; a quantity that falls to 0 takes it away. */
import { trimMap } from './bounded.ts';
import type { Price } from './item-description.ts';
import type { CartLine } from './person.ts';

export type Cart = Map<string, CartLine>;

/** By what a line is found in its map. */
export function cartKey(cartId: string, item: number): string {
  return `${item}/${cartId}`;
}

/** Puts more of an item in, at the latest price. The oldest line leaves a full cart. */
export function putIn(
  cart: Cart,
  cartId: string,
  item: number,
  quantity: number,
  price: Price | undefined,
  max: number,
): void {
  const key = cartKey(cartId, item);
  const line = cart.get(key);
  if (line === undefined) {
    cart.set(key, { cartId, item, quantity, unitPrice: price });
    trimMap(cart, max);
    return;
  }
  line.quantity += quantity;
  line.unitPrice = price ?? line.unitPrice;
}

export function takeOut(cart: Cart, cartId: string, item: number, quantity: number): void {
  const key = cartKey(cartId, item);
  const line = cart.get(key);
  if (line === undefined) return;
  line.quantity -= quantity;
  if (line.quantity <= 0) cart.delete(key);
}

/** What was bought leaves the carts, the oldest line of the item first. */
export function takeBought(cart: Cart, item: number, quantity: number): void {
  let left = quantity;
  for (const line of [...cart.values()]) {
    if (line.item !== item || left <= 0) continue;
    const taken = Math.min(left, line.quantity);
    left -= taken;
    takeOut(cart, line.cartId, item, taken);
  }
}

/** Empties one cart. */
export function emptyCart(cart: Cart, cartId: string): void {
  for (const [key, line] of cart) if (line.cartId === cartId) cart.delete(key);
}

/** Puts all that is in `from` into `to`. */
export function joinCarts(from: ReadonlyMap<string, CartLine>, to: Cart, max: number): void {
  for (const line of from.values()) putIn(to, line.cartId, line.item, line.quantity, line.unitPrice, max);
}
