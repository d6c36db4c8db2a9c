/** Which session an event belongs to, and each session's person and times. */
import { grownFloats, grownInts } from './growth.ts';
import { Interner } from './interner.ts';

const nobody = -1;
const nothing = -1;

export class Sessions {
  readonly #gapMicros: number;
  readonly #keys = new Interner();
  /** By the number of a key: its session; -1: none began yet. */
  #byKey = new Int32Array(256).fill(nothing);
  /** By session: the number of its key; -1: it has no id of its own, it is one of its person's visits. */
  #keyOf = new Int32Array(256);
  #size = 0;
  #firstTimes = new Float64Array(256);
  #lastTimes = new Float64Array(256);
  #persons = new Int32Array(256);
  /** By person: the newest visit without an id; the last one that late events began; the newest session of all. */
  #running = new Int32Array(256).fill(nothing);
  #late = new Int32Array(256).fill(nothing);
  #latest = new Int32Array(256).fill(nothing);

  constructor(gapMicros: number) {
    this.#gapMicros = gapMicros;
  }

  /** Numbers are below it, in the order in which the sessions began. */
  get size(): number {
    return this.#size;
  }

  numberOf(key: string): number | undefined {
    const session = this.#byKey[this.#keys.numberOf(key) ?? nothing] ?? nothing;
    return session === nothing ? undefined : session;
  }

  keyOf(session: number): string | undefined {
    const key = this.#keyOf[session]!;
    return key === nothing ? undefined : this.#keys.textOf(key);
  }

  /** The number of an event's session id, which `find` and `begin` take; -1: it is empty. */
  keyNumber(key: string): number {
    return key === '' ? nothing : this.#known(this.#keys.intern(key));
  }

  /** As `keyNumber`, of a session id as it stands in an event's bytes. */
  keyNumberIn(bytes: Uint8Array, from: number, to: number): number {
    return from === to ? nothing : this.#known(this.#keys.internBytes(bytes, from, to));
  }

  firstTimeMicros(session: number): number {
    return this.#firstTimes[session]!;
  }

  lastTimeMicros(session: number): number {
    return this.#lastTimes[session]!;
  }

  personOf(session: number): number {
    return this.#persons[session]!;
  }

  setPerson(session: number, person: number): void {
    this.#persons[session] = person;
  }

  latestOf(person: number): number | undefined {
    const latest = this.#latest[person] ?? nothing;
    return latest === nothing ? undefined : latest;
  }

  /** The newest visit without an id, the last one that late events began, the newest session of all; -1: none. */
  slotsOf(person: number): readonly number[] {
    return [this.#running, this.#late, this.#latest].map((slots) => slots[person] ?? nothing);
  }

  /** The session of an event, -1 where it has none yet. A key counts for more than the person. */
  find(person: number, key: number, atMicros: number): number {
    if (key !== nothing) return this.#byKey[key]!;
    if (person === nobody || person >= this.#running.length) return nothing;
    const running = this.#running[person]!;
    if (running === nothing || this.#isNear(running, atMicros)) return running;
    if (atMicros > this.#lastTimes[running]!) return nothing;
    const late = this.#late[person]!;
    return late !== nothing && this.#isNear(late, atMicros) ? late : nothing;
  }

  /** Begins a session with an event that `find` found none for. */
  begin(person: number, key: number, atMicros: number): number {
    const session = this.#size++;
    if (session >= this.#persons.length) this.#growSessions(session + 1);
    this.#firstTimes[session] = atMicros;
    this.#lastTimes[session] = atMicros;
    this.#persons[session] = nobody;
    this.#keyOf[session] = key;
    if (key !== nothing) this.#byKey[key] = session;
    else this.#keep(person, session, atMicros);
    return session;
  }

  /** Its time goes on, and it may become its person's newest. */
  touch(session: number, person: number, atMicros: number): void {
    if (atMicros > this.#lastTimes[session]!) this.#lastTimes[session] = atMicros;
    else if (atMicros < this.#firstTimes[session]!) this.#firstTimes[session] = atMicros;
    if (person === nobody) return;
    if (person >= this.#latest.length) this.#growPeople(person + 1);
    const latest = this.#latest[person]!;
    if (latest === nothing || this.#lastTimes[session]! >= this.#lastTimes[latest]!) this.#latest[person] = session;
  }

  /** Hands the sessions that `from` goes on with to `to`: of each kind the newer one stays. */
  merge(from: number, to: number): void {
    const needed = Math.max(from, to) + 1;
    if (needed > this.#latest.length) this.#growPeople(needed);
    for (const slots of [this.#running, this.#late, this.#latest]) {
      if (this.#isNewer(slots[from]!, slots[to]!)) slots[to] = slots[from]!;
      slots[from] = nothing;
    }
  }

  /** The person's next event begins a session of its own. */
  forget(person: number): void {
    if (person >= this.#latest.length) return;
    for (const slots of [this.#running, this.#late, this.#latest]) slots[person] = nothing;
  }

  #isNewer(session: number, other: number): boolean {
    if (session === nothing) return false;
    return other === nothing || this.#lastTimes[session]! > this.#lastTimes[other]!;
  }

  #isNear(session: number, atMicros: number): boolean {
    return (
      atMicros < this.#lastTimes[session]! + this.#gapMicros && atMicros > this.#firstTimes[session]! - this.#gapMicros
    );
  }

  #keep(person: number, session: number, atMicros: number): void {
    if (person >= this.#running.length) this.#growPeople(person + 1);
    const running = this.#running[person]!;
    if (running === nothing || atMicros > this.#lastTimes[running]!) this.#running[person] = session;
    else this.#late[person] = session;
  }

  #known(key: number): number {
    if (key >= this.#byKey.length) this.#byKey = grownInts(this.#byKey, key + 1, nothing);
    return key;
  }

  #growSessions(sessions: number): void {
    this.#keyOf = grownInts(this.#keyOf, sessions);
    this.#firstTimes = grownFloats(this.#firstTimes, sessions);
    this.#lastTimes = grownFloats(this.#lastTimes, sessions);
    this.#persons = grownInts(this.#persons, sessions);
  }

  #growPeople(people: number): void {
    this.#running = grownInts(this.#running, people, nothing);
    this.#late = grownInts(this.#late, people, nothing);
    this.#latest = grownInts(this.#latest, people, nothing);
  }
}
