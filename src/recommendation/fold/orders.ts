/** Orders by their ids, so that corrections and refunds find them. */
import type { Archive } from './archive.ts';
import { readOrder, writeOrder } from './persisted-records.ts';
import type { Order } from './person.ts';
import { type References, referencesTo } from './references.ts';

export class Orders {
  readonly #byId = new Map<string, Order>();
  /** Orders of nobody known, the oldest first. */
  readonly #strangers = new Set<Order>();
  readonly #maxStrangers: number;

  constructor(maxStrangers: number) {
    this.#maxStrangers = maxStrangers;
  }

  get(orderId: string): Order | undefined {
    return this.#byId.get(orderId);
  }

  /** Those held that nobody is known for. */
  strangers(): Iterable<Order> {
    return this.#strangers;
  }

  add(order: Order): void {
    this.#byId.set(order.orderId, order);
    if (order.person !== -1) return;
    this.#strangers.add(order);
    if (this.#strangers.size > this.#maxStrangers) this.remove(this.#strangers.values().next().value as Order);
  }

  remove(order: Order): void {
    this.#byId.delete(order.orderId);
    this.#strangers.delete(order);
  }

  /** Answers by which numbers others can name the orders in what they write. */
  persist(archive: Archive): References<Order> {
    archive.records(
      'orders',
      (out) => out.list(this.#byId.values(), this.#byId.size, (order) => writeOrder(out, order)),
      (from) => {
        for (const order of from.list(() => readOrder(from))) this.#byId.set(order.orderId, order);
      },
    );
    const references = referencesTo(this.#byId.values());
    references.persist(archive, 'strangers', this.#strangers);
    return references;
  }
}
