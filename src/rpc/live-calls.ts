import type { LiveCall } from './live-call.ts';

/**
 * The calls under way. Not a `Set`: V8's leaves a table behind each time it grows or is tidied up, the old one points to
 * the new, and both to the calls of that moment. Once one such table is in the old generation, every later one, with its calls
 * and their messages, outlives each young collection, until the next full one: 6 KB a call were copied twice, and
 * collections of 0.5 ms took 10 to 20.
 */
export class LiveCalls implements Iterable<LiveCall> {
  readonly #calls: LiveCall[] = [];

  get size(): number {
    return this.#calls.length;
  }

  add(call: LiveCall): void {
    call.place = this.#calls.push(call) - 1;
  }

  /** Does nothing where it is not among them. */
  delete(call: LiveCall): void {
    const { place } = call;
    if (this.#calls[place] !== call) return;
    const last = this.#calls.pop();
    call.place = -1;
    if (last === undefined || last === call) return;
    this.#calls[place] = last;
    last.place = place;
  }

  [Symbol.iterator](): Iterator<LiveCall> {
    return this.#calls[Symbol.iterator]();
  }
}
