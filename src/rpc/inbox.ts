/** Someone who waits for the next item. */
interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A stream of messages that come in by callback and are taken by `for await`. It asks for the next message only when
 * the last one was taken, so that at most one waits here, and the sender feels it when nobody takes.
 */
export class Inbox<T> implements AsyncIterableIterator<T, undefined> {
  readonly #ask: () => void;
  readonly #items: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
  #asked = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  /** @param ask starts reading one message, which then comes by `push`, `end` or `fail`. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#askAhead();
      return Promise.resolve({ done: false, value: item });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#askAhead();
    });
  }

  /** The taker has had enough: what is still to come is not asked for. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.end();
    this.#items.length = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  push(item: T): void {
    this.#asked = false;
    if (this.#ended || this.#failure !== undefined) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#items.push(item);
      return;
    }
    waiter.resolve({ done: false, value: item });
    this.#askAhead();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined });
  }

  /** Every taker, now and later, gets the error; what was not taken is dropped. */
  fail(error: unknown): void {
    if (this.#failure !== undefined || (this.#ended && this.#items.length === 0)) return;
    this.#failure = { error };
    this.#items.length = 0;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #askAhead(): void {
    if (this.#asked || this.#ended || this.#failure !== undefined) return;
    this.#asked = true;
    this.#ask();
  }
}
