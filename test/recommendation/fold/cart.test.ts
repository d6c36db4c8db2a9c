import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  emptyCart,
  type HasCart,
  joinCarts,
  putIn,
  takeBought,
  takeOut,
} from '../../../src/recommendation/fold/cart.ts';
import { each } from '../../../src/recommendation/fold/chain.ts';
import { type Price, priceIn } from '../../../src/recommendation/fold/price.ts';

interface ModelLine {
  readonly cartId: string;
  readonly item: number;
  quantity: number;
  price: Price | undefined;
}

/** The same with a map by cart and item, whose order is that of its first entries. */
class Model {
  lines = new Map<string, ModelLine>();

  putIn(cartId: string, item: number, quantity: number, price: Price | undefined, max: number): void {
    const key = `${item}/${cartId}`;
    const line = this.lines.get(key);
    if (line === undefined) {
      this.lines.set(key, { cartId, item, quantity, price });
      if (this.lines.size > max) this.lines.delete([...this.lines.keys()][0]!);
      return;
    }
    line.quantity += quantity;
    line.price = price ?? line.price;
  }

  takeOut(cartId: string, item: number, quantity: number): void {
    const line = this.lines.get(`${item}/${cartId}`);
    if (line === undefined) return;
    line.quantity -= quantity;
    if (line.quantity <= 0) this.lines.delete(`${item}/${cartId}`);
  }

  takeBought(item: number, quantity: number): void {
    let left = quantity;
    for (const line of [...this.lines.values()]) {
      if (line.item !== item || left <= 0) continue;
      const taken = Math.min(left, line.quantity);
      left -= taken;
      this.takeOut(line.cartId, item, taken);
    }
  }

  emptyCart(cartId: string): void {
    for (const [key, line] of [...this.lines]) if (line.cartId === cartId) this.lines.delete(key);
  }

  join(from: Model, max: number): void {
    for (const line of from.lines.values()) this.putIn(line.cartId, line.item, line.quantity, line.price, max);
    from.lines = new Map();
  }
}

/** Of one of two people. */
interface Step {
  readonly kind: 'putIn' | 'takeOut' | 'takeBought' | 'emptyCart' | 'join';
  readonly who: 0 | 1;
  readonly cartId: string;
  readonly item: number;
  readonly quantity: number;
  readonly price: Price | undefined;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('putIn', 'putIn', 'putIn', 'takeOut', 'takeBought', 'emptyCart', 'join'),
  who: fc.constantFrom(0, 1),
  cartId: fc.constantFrom('', 'a', '1/a'),
  item: fc.nat(5),
  quantity: fc.constantFrom(1, 2, 3, 0.5, 2 ** 31),
  price: fc.option(
    fc.record(
      { currencyCode: fc.constantFrom('EUR', 'USD'), micros: fc.constantFrom(0, 5, 2 ** 40, 2n ** 60n) },
      { noNullPrototype: true },
    ),
    { nil: undefined },
  ),
});

function take(step: Step, holders: readonly HasCart[], models: readonly Model[], max: number): void {
  const { kind, who, cartId, item, quantity, price } = step;
  const holder = holders[who]!;
  const model = models[who]!;
  if (kind === 'putIn') {
    putIn(holder, cartId, item, quantity, price, max);
    model.putIn(cartId, item, quantity, price, max);
  } else if (kind === 'takeOut') {
    takeOut(holder, cartId, item, quantity);
    model.takeOut(cartId, item, quantity);
  } else if (kind === 'takeBought') {
    takeBought(holder, item, quantity);
    model.takeBought(item, quantity);
  } else if (kind === 'emptyCart') {
    emptyCart(holder, cartId);
    model.emptyCart(cartId);
  } else {
    joinCarts(holders[1 - who]!.cart, holder, max);
    holders[1 - who]!.cart = undefined;
    model.join(models[1 - who]!, max);
  }
}

function heldBy(holder: HasCart): readonly ModelLine[] {
  return Array.from(each(holder.cart), (line) => {
    const { cartId, item, quantity } = line;
    return { cartId, item, quantity, price: priceIn(line) };
  });
}

describe('a person’s carts', () => {
  it('hold what a map of lines would, in its order, whatever was put in, taken out, bought and joined', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (steps, max) => {
        const holders = [{ cart: undefined }, { cart: undefined }];
        const models = [new Model(), new Model()];
        for (const one of steps) {
          take(one, holders, models, max);
          for (const who of [0, 1]) assert.deepEqual(heldBy(holders[who]!), [...models[who]!.lines.values()]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('share the string that names a cart among lines that follow each other', () => {
    const holder: HasCart = { cart: undefined };
    for (const item of [1, 2]) putIn(holder, ['ca', 'rt'].join(''), item, 1, undefined, 9);
    assert.deepEqual(heldBy(holder), [
      { cartId: 'cart', item: 1, quantity: 1, price: undefined },
      { cartId: 'cart', item: 2, quantity: 1, price: undefined },
    ]);
  });
});
