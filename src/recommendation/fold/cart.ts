/** A person's carts. A line is one item in one cart; a quantity that falls to 0 takes it away. */
import { chained, each, type Linked, without } from './chain.ts';
import { type Price, type Priced, priceIn } from './price.ts';
import { smallNumber } from './small-number.ts';

export interface CartLine extends Priced, Linked<CartLine> {
  readonly cartId: string;
  readonly item: number;
  quantity: number;
}

/** Who has carts: the lines of all of them, the one that was put in first is the first. */
export interface HasCart {
  cart: CartLine | undefined;
}

/** Puts more of an item in, at the latest price. The oldest line leaves a full cart. */
export function putIn(
  holder: HasCart,
  cartId: string,
  item: number,
  quantity: number,
  price: Price | undefined,
  max: number,
): void {
  let last: CartLine | undefined;
  let count = 1;
  for (let line = holder.cart; line !== undefined; line = line.next) {
    if (line.item === item && line.cartId === cartId) {
      line.quantity = smallNumber(line.quantity + quantity);
      if (price !== undefined) setPrice(line, price);
      return;
    }
    last = line;
    count++;
  }
  const begun = newLine(last?.cartId === cartId ? last.cartId : cartId, item, smallNumber(quantity), price);
  if (last === undefined) holder.cart = begun;
  else last.next = begun;
  if (count > max) holder.cart = holder.cart!.next;
}

/** Of one cart, the lines share the string that names it. */
function newLine(cartId: string, item: number, quantity: number, price: Price | undefined): CartLine {
  return { cartId, item, quantity, currencyCode: price?.currencyCode, micros: price?.micros, next: undefined };
}

function setPrice(line: CartLine, { currencyCode, micros }: Price): void {
  line.currencyCode = currencyCode;
  line.micros = micros;
}

export function takeOut(holder: HasCart, cartId: string, item: number, quantity: number): void {
  for (let line = holder.cart; line !== undefined; line = line.next) {
    if (line.item !== item || line.cartId !== cartId) continue;
    line.quantity = smallNumber(line.quantity - quantity);
    if (line.quantity <= 0) holder.cart = without(holder.cart, line);
    return;
  }
}

/** What was bought leaves the carts, the oldest line of the item first. */
export function takeBought(holder: HasCart, item: number, quantity: number): void {
  let left = quantity;
  let line = holder.cart;
  while (line !== undefined && left > 0) {
    const { next } = line;
    if (line.item === item) {
      const taken = Math.min(left, line.quantity);
      left -= taken;
      line.quantity = smallNumber(line.quantity - taken);
      if (line.quantity <= 0) holder.cart = without(holder.cart, line);
    }
    line = next;
  }
}

/** Empties one cart. */
export function emptyCart(holder: HasCart, cartId: string): void {
  holder.cart = chained([...each(holder.cart)].filter((line) => line.cartId !== cartId));
}

/** Puts all the lines from `first` on into the carts of `to`. */
export function joinCarts(first: CartLine | undefined, to: HasCart, max: number): void {
  for (let line = first; line !== undefined; line = line.next) {
    putIn(to, line.cartId, line.item, line.quantity, priceIn(line), max);
  }
}
