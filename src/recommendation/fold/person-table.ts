/**
 * The few numbers that are held of every person. Those of one person lie side by side: most events name somebody else
 * than the one before, and each array more would be one access more to memory that no cache holds.
 *
 * A person's number is their place here, and another's after they were forgotten. What outlives a person, their sessions,
 * holds a handle instead: the number, and how often it was given to somebody before.
 */
import type { Archive } from './archive.ts';
import { RecencyLine } from './recency-line.ts';
import { Stretches } from './stretches.ts';

/**
 * 4-byte numbers of a person. What every event of theirs reads stands first, so that it is seldom on two lines of a cache.
 * Times and handles are doubles: of two numbers each, and at a place counted in doubles.
 */
const stride = 12;
const lastSeenAt = 0;
const stretchAt = 2;
const generationAt = 3;
const consentAt = 4;
const idAt = 5;
const firstSeenAt = 3;
const mergedAt = 4;
const lineAt = 10;
/** Of a place that is free: the next one. */
const nextFreeAt = lineAt;

const nobody = -1;
/** A handle is a generation times this, and a number below it. */
const handleBase = 0x800_0000;
/** So that a handle stays a whole number that a double holds. */
const lastGeneration = 0x3ff_ffff;

/** What a person said of personal recommendations. */
export const consents = { unsaid: 0, allowed: 1, refused: 2 } as const;

export class PersonTable {
  readonly #max: number;
  readonly #line = new RecencyLine(stride, lineAt);
  readonly #stretches: Stretches;
  #ints = new Int32Array(64 * stride);
  /** The same memory. */
  #floats = new Float64Array(this.#ints.buffer);
  #size = 0;
  #free = nobody;
  #count = 0;

  /** `max`: how many are held; then the one seen longest ago is to be forgotten before another one begins. */
  constructor(max: number) {
    this.#max = max;
    this.#stretches = new Stretches(max);
  }

  /** How many are held. Numbers are below `max`. */
  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= this.#max;
  }

  /** Who was seen longest ago, by the order of events; -1: nobody is held. */
  get oldest(): number {
    return this.#line.oldest;
  }

  /** Everybody, who was seen longest ago first. */
  oldestFirst(): Iterable<number> {
    return this.#line.oldestFirst(this.#ints);
  }

  /** Answers the new person's number. */
  begin(atMicros: number): number {
    const person = this.#free === nobody ? this.#size++ : this.#takeFree();
    if (this.#size * stride > this.#ints.length) this.#grow();
    this.#count++;
    this.#floats[person * (stride / 2) + firstSeenAt] = atMicros;
    this.#floats[person * (stride / 2) + lastSeenAt] = atMicros;
    this.#floats[person * (stride / 2) + mergedAt] = nobody;
    this.#ints[person * stride + consentAt] = consents.unsaid;
    this.#ints[person * stride + idAt] = 0;
    this.#ints[person * stride + stretchAt] = this.#stretches.touch();
    this.#line.add(this.#ints, person);
    return person;
  }

  /** Their number is free for somebody else, and handles of it lead to nobody. */
  end(person: number): void {
    const row = person * stride;
    const generation = this.#ints[row + generationAt]!;
    this.#line.remove(this.#ints, person);
    this.#ints.fill(0, row, row + stride);
    this.#ints[row + generationAt] = generation === lastGeneration ? 0 : generation + 1;
    this.#ints[row + nextFreeAt] = this.#free;
    this.#free = person;
    this.#count--;
  }

  /** An event of that time names them: nobody was seen more lately, by the order of events. */
  see(person: number, atMicros: number): void {
    this.widen(person, atMicros);
    if (this.#count < this.#stretches.from) return;
    const stretch = this.#stretches.touch();
    if (this.#ints[person * stride + stretchAt] === stretch) return;
    this.#ints[person * stride + stretchAt] = stretch;
    this.#line.moveToFront(this.#ints, person);
  }

  /** They were seen at that time too. */
  widen(person: number, atMicros: number): void {
    const times = person * (stride / 2);
    if (atMicros > this.#floats[times + lastSeenAt]!) this.#floats[times + lastSeenAt] = atMicros;
    else if (atMicros < this.#floats[times + firstSeenAt]!) this.#floats[times + firstSeenAt] = atMicros;
  }

  firstSeenMicros(person: number): number {
    return this.#floats[person * (stride / 2) + firstSeenAt]!;
  }

  lastSeenMicros(person: number): number {
    return this.#floats[person * (stride / 2) + lastSeenAt]!;
  }

  /** Leads to the person, and to nobody once they were forgotten. -1 for -1. */
  handleOf(person: number): number {
    return person === nobody ? nobody : this.#ints[person * stride + generationAt]! * handleBase + person;
  }

  /** Whose handle it is, or whom they turned out to be; -1: nobody's any more. */
  resolve(handle: number): number {
    const person = this.#personOf(handle);
    if (person === nobody) return nobody;
    const merged = this.#floats[person * (stride / 2) + mergedAt]!;
    return merged === nobody ? person : this.#personOf(merged);
  }

  #personOf(handle: number): number {
    if (handle === nobody) return nobody;
    const person = handle % handleBase;
    return this.handleOf(person) === handle ? person : nobody;
  }

  /** Whether this one turned out to be another one. */
  isMerged(person: number): boolean {
    return this.#floats[person * (stride / 2) + mergedAt] !== nobody;
  }

  setMergedInto(person: number, other: number): void {
    this.#floats[person * (stride / 2) + mergedAt] = this.handleOf(other);
  }

  /** One of {@link consents}. */
  consentOf(person: number): number {
    return this.#ints[person * stride + consentAt]!;
  }

  setConsent(person: number, consent: number): void {
    this.#ints[person * stride + consentAt] = consent;
  }

  /** Where their own id is held: a user's, or below 0 a visitor's; 0: none leads to them only. */
  idOf(person: number): number {
    return this.#ints[person * stride + idAt]!;
  }

  setId(person: number, id: number): void {
    this.#ints[person * stride + idAt] = id;
  }

  #takeFree(): number {
    const person = this.#free;
    this.#free = this.#ints[person * stride + nextFreeAt]!;
    return person;
  }

  #grow(): void {
    const grown = new Int32Array(this.#ints.length * 2);
    grown.set(this.#ints);
    this.#ints = grown;
    this.#floats = new Float64Array(grown.buffer);
  }

  persist(archive: Archive): void {
    const sizes = archive.numbers('size', [this.#size, this.#count, this.#free]);
    [this.#size, this.#count, this.#free] = sizes;
    this.#line.persist(archive);
    this.#stretches.persist(archive);
    const ints = archive.ints('table', this.#ints, this.#size * stride);
    // It grows by doubling, so it must not be empty.
    this.#ints = ints.length === 0 ? new Int32Array(stride) : ints;
    this.#floats = new Float64Array(this.#ints.buffer);
  }
}
