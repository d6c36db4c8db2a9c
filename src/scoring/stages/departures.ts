/** The last seconds count most: after so long without a departure, what was learned weighs a third. */
const memoryMillis = 5_000;
const leastWaitMillis = 10;
const longestWaitMillis = 30_000;
/** Before anything has left. */
const firstGuessMillis = 1_000;

/** Learns how fast things leave a room, to tell who finds it full when to come again. Times are in milliseconds. */
export class Departures {
  #count = 0;
  #millis = 0;
  /** The last departure, or the first entry into the empty room. */
  #since = 0;

  /** Something came into the empty room: time without anything to leave does not count. */
  begin(now: number): void {
    this.#since = now;
  }

  observe(now: number): void {
    const elapsed = Math.max(0, now - this.#since);
    const weight = Math.exp(-elapsed / memoryMillis);
    this.#count = this.#count * weight + 1;
    this.#millis = this.#millis * weight + elapsed;
    this.#since = now;
  }

  /** About how long it takes until so many have left. A room that nothing leaves any more seems slower by the moment. */
  millisUntilLeft(things: number, now: number): number {
    const each = this.#count === 0 ? firstGuessMillis / Math.max(1, things) : this.#millis / this.#count;
    const learned = Math.max(each * things, now - this.#since);
    return Math.round(Math.min(longestWaitMillis, Math.max(leastWaitMillis, learned)));
  }
}
