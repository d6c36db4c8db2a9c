/**
 * The few numbers that are held of every session. Those of one session lie side by side, as in `person-table.ts`: two
 * sessions an event, one after the other, are seldom the same.
 *
 * Numbers only rise; the table is a ring of the newest. So a number that is still somewhere else can be told to lead
 * nowhere, and never leads to another session.
 */
import type { Archive } from './archive.ts';

/** 4-byte numbers of a session: two times and a person's handle as doubles, then an int; one is spare. */
const stride = 8;
const firstTimeAt = 0;
const lastTimeAt = 1;
const personAt = 2;
const keyAt = 6;

const nothing = -1;

export class SessionTable {
  readonly #max: number;
  /** Of a power of two of sessions, at least `max` in the end. */
  #ints = new Int32Array(64 * stride);
  /** The same memory. */
  #floats = new Float64Array(this.#ints.buffer);
  #mask = 63;
  #size = 0;

  /** `max`: how many sessions are held. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Numbers are below it. */
  get size(): number {
    return this.#size;
  }

  /** The oldest that is held: where there are too many, it is the next to go. */
  get first(): number {
    return Math.max(0, this.#size - this.#max);
  }

  get isFull(): boolean {
    return this.#size >= this.#max;
  }

  /** A place for what others hold of a session: below twice `max`, and its alone while it is held. */
  placeOf(session: number): number {
    return session & this.#mask;
  }

  /** Answers the new session's number: nobody's, without an id. */
  begin(atMicros: number): number {
    if (this.#size > this.#mask && this.#mask + 1 < this.#max) this.#grow();
    const session = this.#size++;
    const place = session & this.#mask;
    this.#floats[place * (stride / 2) + firstTimeAt] = atMicros;
    this.#floats[place * (stride / 2) + lastTimeAt] = atMicros;
    this.#floats[place * (stride / 2) + personAt] = nothing;
    this.#ints[place * stride + keyAt] = nothing;
    return session;
  }

  touch(session: number, atMicros: number): void {
    const times = (session & this.#mask) * (stride / 2);
    if (atMicros > this.#floats[times + lastTimeAt]!) this.#floats[times + lastTimeAt] = atMicros;
    else if (atMicros < this.#floats[times + firstTimeAt]!) this.#floats[times + firstTimeAt] = atMicros;
  }

  firstTime(session: number): number {
    return this.#floats[(session & this.#mask) * (stride / 2) + firstTimeAt]!;
  }

  lastTime(session: number): number {
    return this.#floats[(session & this.#mask) * (stride / 2) + lastTimeAt]!;
  }

  /** The handle of its person; -1: none. */
  personOf(session: number): number {
    return this.#floats[(session & this.#mask) * (stride / 2) + personAt]!;
  }

  setPerson(session: number, handle: number): void {
    this.#floats[(session & this.#mask) * (stride / 2) + personAt] = handle;
  }

  /** The address of its id; -1: it has none of its own, it is one of its person's visits. */
  keyOf(session: number): number {
    return this.#ints[(session & this.#mask) * stride + keyAt]!;
  }

  setKey(session: number, key: number): void {
    this.#ints[(session & this.#mask) * stride + keyAt] = key;
  }

  #grow(): void {
    const grown = new Int32Array(this.#ints.length * 2);
    grown.set(this.#ints);
    this.#ints = grown;
    this.#floats = new Float64Array(grown.buffer);
    this.#mask = this.#mask * 2 + 1;
  }

  persist(archive: Archive): void {
    [this.#size] = archive.numbers('size', [this.#size]);
    const places = Math.min(this.#size, this.#mask + 1);
    const held = archive.ints('table', this.#ints, places * stride);
    if (!archive.isReading) return;
    let mask = 63;
    while (mask < this.#size - 1 && mask + 1 < this.#max) mask = mask * 2 + 1;
    this.#mask = mask;
    this.#ints = new Int32Array((mask + 1) * stride);
    this.#ints.set(held);
    this.#floats = new Float64Array(this.#ints.buffer);
  }
}
