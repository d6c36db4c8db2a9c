/** Which session an event belongs to, and each session's person and times. */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';
import { lookedAt } from './looked-at.ts';
import { SessionTable } from './session-table.ts';
import { TextTable } from './text-table.ts';
import { Utf8 } from './utf8.ts';

const nobody = -1;
const nothing = -1;
/** In place of the address of a session's id: an id of which no session began yet. */
const newKey = 0;

/** Of a person: the newest visit without an id; the last one that late events began; the newest session of all. */
const slotsStride = 3;
const runningAt = 0;
const lateAt = 1;
const latestAt = 2;

export class Sessions {
  readonly #gapMicros: number;
  /** The ids of sessions, with the sessions' numbers. */
  readonly #keys = new TextTable();
  readonly #table: SessionTable;
  /** By person. */
  #slots = new Int32Array(64 * slotsStride).fill(nothing);
  readonly #utf8 = new Utf8();
  /** The id that was looked up last: where a session begins with it, it is copied from there. */
  #keyBytes = this.#utf8.bytes;
  #keyFrom = 0;
  #keyTo = 0;
  /** The session that began with it since. */
  #begun = nothing;

  /** `max`: how many are held; then the one that began first is to be forgotten before another one begins. */
  constructor(gapMicros: number, max: number) {
    this.#gapMicros = gapMicros;
    this.#table = new SessionTable(max);
  }

  /** Numbers are below it, in the order in which the sessions began. */
  get size(): number {
    return this.#table.size;
  }

  /** The oldest number that is held; those from here to before `size` are. */
  get first(): number {
    return this.#table.first;
  }

  get isFull(): boolean {
    return this.#table.isFull;
  }

  /** See `SessionTable.placeOf`. */
  placeOf(session: number): number {
    return this.#table.placeOf(session);
  }

  numberOf(key: string): number | undefined {
    const known = this.keyNumber(key);
    return known <= newKey ? undefined : this.#keys.valueAt(known);
  }

  keyOf(session: number): string | undefined {
    const key = this.#table.keyOf(session);
    return key === nothing ? undefined : this.#keys.textAt(key);
  }

  /** A number for an event's session id, which `find` and `begin` take until the next call; -1: it is empty. */
  keyNumber(key: string): number {
    const length = this.#utf8.encode(key);
    return this.keyNumberIn(this.#utf8.bytes, 0, length);
  }

  /** As `keyNumber`, of a session id as it stands in an event's bytes, which are to stay as they are until then. */
  keyNumberIn(bytes: Uint8Array, from: number, to: number): number {
    if (from === to) return nothing;
    this.#keyBytes = bytes as Uint8Array<ArrayBuffer>;
    this.#keyFrom = from;
    this.#keyTo = to;
    this.#begun = nothing;
    return this.#keys.find(bytes, from, to);
  }

  /** Turns the hashes of ids into the places of their sessions, and reads what an event of each will need. */
  lookAhead(hashes: Int32Array, count: number): void {
    this.#keys.lookAhead(hashes, count);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      sum += this.#table.lastTime(hashes[i]!);
      hashes[i] = this.#table.placeOf(hashes[i]!);
    }
    lookedAt[0] = sum;
  }

  firstTimeMicros(session: number): number {
    return this.#table.firstTime(session);
  }

  lastTimeMicros(session: number): number {
    return this.#table.lastTime(session);
  }

  personOf(session: number): number {
    return this.#table.personOf(session);
  }

  setPerson(session: number, handle: number): void {
    this.#table.setPerson(session, handle);
  }

  latestOf(person: number): number | undefined {
    const latest = this.#held(person * slotsStride + latestAt);
    return latest === nothing ? undefined : latest;
  }

  /** The newest visit without an id, the last one that late events began, the newest session of all; -1: none. */
  slotsOf(person: number): readonly number[] {
    return [runningAt, lateAt, latestAt].map((at) => this.#held(person * slotsStride + at));
  }

  /** Reads what an event of each of these people will need. */
  lookAheadOf(people: Int32Array, count: number): void {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += this.#slots[people[i]! * slotsStride + latestAt] ?? 0;
    lookedAt[0] = sum;
  }

  /** The session of an event, -1 where it has none yet. A key counts for more than the person. */
  find(person: number, key: number, atMicros: number): number {
    if (key !== nothing) return key === newKey ? this.#begun : this.#keys.valueAt(key);
    const slots = person * slotsStride;
    if (person === nobody || slots >= this.#slots.length) return nothing;
    const running = this.#held(slots + runningAt);
    if (running === nothing || this.#isNear(running, atMicros)) return running;
    if (atMicros > this.#table.lastTime(running)) return nothing;
    const late = this.#held(slots + lateAt);
    return late !== nothing && this.#isNear(late, atMicros) ? late : nothing;
  }

  /** Begins a session with an event that `find` found none for. */
  begin(person: number, key: number, atMicros: number): number {
    const session = this.#table.begin(atMicros);
    if (key === nothing) {
      this.#keep(person, session, atMicros);
    } else {
      this.#begun = session;
      this.#table.setKey(session, this.#keys.add(this.#keyBytes, this.#keyFrom, this.#keyTo, session));
    }
    return session;
  }

  /** Its time goes on, and it may become its person's newest. */
  touch(session: number, person: number, atMicros: number): void {
    this.#table.touch(session, atMicros);
    if (person === nobody) return;
    this.#growSlots(person + 1);
    const at = person * slotsStride + latestAt;
    const latest = this.#held(at);
    if (latest === session) return;
    if (latest === nothing || this.#table.lastTime(session) >= this.#table.lastTime(latest)) this.#slots[at] = session;
  }

  /** Hands the sessions that `from` goes on with to `to`: of each kind the newer one stays. */
  merge(from: number, to: number): void {
    this.#growSlots(Math.max(from, to) + 1);
    for (let at = 0; at < slotsStride; at++) {
      const theirs = this.#held(from * slotsStride + at);
      if (this.#isNewer(theirs, this.#held(to * slotsStride + at))) this.#slots[to * slotsStride + at] = theirs;
      this.#slots[from * slotsStride + at] = nothing;
    }
  }

  /** The person's next event begins a session of its own. */
  forget(person: number): void {
    // Beyond the end there is nothing, and `fill` does nothing.
    this.#slots.fill(nothing, person * slotsStride, (person + 1) * slotsStride);
  }

  /** Makes room for another one: forgets the one that began first, and its id. */
  forgetFirst(): void {
    const key = this.#table.keyOf(this.#table.first);
    if (key !== nothing) this.#keys.remove(key);
  }

  /** The session in a person's slot, unless it was forgotten. */
  #held(slot: number): number {
    const session = this.#slots[slot] ?? nothing;
    return session < this.#table.first ? nothing : session;
  }

  #isNewer(session: number, other: number): boolean {
    if (session === nothing) return false;
    return other === nothing || this.#table.lastTime(session) > this.#table.lastTime(other);
  }

  #isNear(session: number, atMicros: number): boolean {
    return (
      atMicros < this.#table.lastTime(session) + this.#gapMicros &&
      atMicros > this.#table.firstTime(session) - this.#gapMicros
    );
  }

  #keep(person: number, session: number, atMicros: number): void {
    this.#growSlots(person + 1);
    const slots = person * slotsStride;
    const running = this.#held(slots + runningAt);
    const isNewest = running === nothing || atMicros > this.#table.lastTime(running);
    this.#slots[slots + (isNewest ? runningAt : lateAt)] = session;
  }

  #growSlots(people: number): void {
    const needed = people * slotsStride;
    if (needed > this.#slots.length) this.#slots = grownInts(this.#slots, needed, nothing);
  }

  persist(archive: Archive): void {
    this.#keys.persist(archive.part('keys'));
    this.#table.persist(archive.part('sessions'));
    const people = Math.ceil(archive.used(this.#slots, nothing) / slotsStride);
    this.#slots = archive.ints('slots', this.#slots, people * slotsStride);
  }
}
