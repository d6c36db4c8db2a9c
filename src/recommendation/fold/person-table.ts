/**
 * The few numbers that are held of every person. Those of one person lie side by side: most events name somebody else
 * than the one before, and each array more would be one access more to memory that no cache holds.
 */
import type { Archive } from './archive.ts';

/** 4-byte numbers of a person: two times as doubles, then four ints. */
const stride = 8;
const firstSeenAt = 0;
const lastSeenAt = 1;
const mergedAt = 4;
const consentAt = 5;
const userAt = 6;

/** What a person said of personal recommendations. */
export const consents = { unsaid: 0, allowed: 1, refused: 2 } as const;

/** In place of the number that another one was merged into: it is a number of its own; it was forgotten. */
export const itself = -1;
export const forgotten = -2;

export class PersonTable {
  #ints = new Int32Array(64 * stride);
  /** The same memory. */
  #floats = new Float64Array(this.#ints.buffer);
  #size = 0;

  /** How many there ever were. */
  get size(): number {
    return this.#size;
  }

  /** Answers the new person's number. */
  begin(atMicros: number): number {
    const person = this.#size++;
    if (this.#size * stride > this.#ints.length) this.#grow();
    this.#floats[(person * stride) / 2 + firstSeenAt] = atMicros;
    this.#floats[(person * stride) / 2 + lastSeenAt] = atMicros;
    this.#ints[person * stride + mergedAt] = itself;
    return person;
  }

  see(person: number, atMicros: number): void {
    const times = (person * stride) / 2;
    if (atMicros > this.#floats[times + lastSeenAt]!) this.#floats[times + lastSeenAt] = atMicros;
    else if (atMicros < this.#floats[times + firstSeenAt]!) this.#floats[times + firstSeenAt] = atMicros;
  }

  firstSeenMicros(person: number): number {
    return this.#floats[(person * stride) / 2 + firstSeenAt]!;
  }

  lastSeenMicros(person: number): number {
    return this.#floats[(person * stride) / 2 + lastSeenAt]!;
  }

  /** The number that this one was merged into, {@link itself} or {@link forgotten}. */
  mergedInto(person: number): number {
    return this.#ints[person * stride + mergedAt]!;
  }

  setMergedInto(person: number, other: number): void {
    this.#ints[person * stride + mergedAt] = other;
  }

  /** One of {@link consents}. */
  consentOf(person: number): number {
    return this.#ints[person * stride + consentAt]!;
  }

  setConsent(person: number, consent: number): void {
    this.#ints[person * stride + consentAt] = consent;
  }

  /** Where the id of a user is held; 0: a visitor. */
  userOf(person: number): number {
    return this.#ints[person * stride + userAt]!;
  }

  setUser(person: number, user: number): void {
    this.#ints[person * stride + userAt] = user;
  }

  #grow(): void {
    const grown = new Int32Array(this.#ints.length * 2);
    grown.set(this.#ints);
    this.#ints = grown;
    this.#floats = new Float64Array(grown.buffer);
  }

  persist(archive: Archive): void {
    [this.#size] = archive.numbers('size', [this.#size]);
    const ints = archive.ints('table', this.#ints, this.#size * stride);
    // It grows by doubling, so it must not be empty.
    this.#ints = ints.length === 0 ? new Int32Array(stride) : ints;
    this.#floats = new Float64Array(this.#ints.buffer);
  }
}
