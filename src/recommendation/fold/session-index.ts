/**
 * The index of VMIS-kNN, kept up with every event: session → its items, item → its newest sessions.
 * Kersbergen, Sprangers, Schelter: "Serenade: Low-Latency Session-Based Recommendation in e-Commerce at Scale",
 * SIGMOD 2022. There a batch builds the index; here a visit costs O(items of its session).
 */
import type { Archive } from './archive.ts';
import { IntWindows } from './int-windows.ts';
import { ItemPlaces } from './item-places.ts';
import { Postings } from './postings.ts';
import { Sessions } from './sessions.ts';
import type { FoldSettings } from './settings.ts';

export class SessionIndex {
  readonly #sessions: Sessions;
  readonly #items: IntWindows;
  readonly postings: Postings;
  readonly #itemsPerSession: number;
  readonly #places: ItemPlaces;

  constructor(settings: FoldSettings, places = new ItemPlaces()) {
    this.#places = places;
    this.#sessions = new Sessions(settings.sessionGapMicros, settings.maxSessions);
    this.#items = new IntWindows(settings.itemsPerSession + 1, 3);
    this.postings = new Postings(settings.postingLength);
    this.#itemsPerSession = settings.itemsPerSession;
  }

  /** How many sessions there were; numbers are below it, in the order in which they began. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The oldest one that is held; those from here to before `size` are, `maxSessions` at most. */
  get first(): number {
    return this.#sessions.first;
  }

  /** How many are held. */
  get count(): number {
    return this.size - this.first;
  }

  /** By the session id of its events. Sessions without one are reached through `latestOf`. */
  numberOf(sessionKey: string): number | undefined {
    return this.#sessions.numberOf(sessionKey);
  }

  /** The id its events carry; undefined: they carry none. */
  keyOf(session: number): string | undefined {
    return this.#sessions.keyOf(session);
  }

  /** The person's session with the newest event. Ask `People.isPersonalised` before using it. */
  latestOf(person: number): number | undefined {
    return this.#sessions.latestOf(person);
  }

  /** See `Sessions.slotsOf`. */
  slotsOf(person: number): readonly number[] {
    return this.#sessions.slotsOf(person);
  }

  firstTimeMicros(session: number): number {
    return this.#sessions.firstTimeMicros(session);
  }

  /** The time of its newest event. */
  lastTimeMicros(session: number): number {
    return this.#sessions.lastTimeMicros(session);
  }

  /** The handle of whom the event named: pass it through `People.resolve`. -1: nobody. */
  personOf(session: number): number {
    return this.#sessions.personOf(session);
  }

  itemCount(session: number): number {
    return this.#items.length(this.#sessions.placeOf(session));
  }

  /**
   * The newest items visited, oldest first, repeats and forgotten ones included, at most `itemsPerSession`. A view of the
   * index's own memory: it holds until the next event is folded, and is not to be written to.
   */
  itemsOf(session: number): Int32Array {
    const place = this.#sessions.placeOf(session);
    const from = this.#items.from(place);
    return this.#items.array(place).subarray(from, from + this.#items.length(place));
  }

  /** Copies the newest items, as many as `into` takes, newest first, and answers how many. Allocates nothing. */
  copyItems(session: number, into: Int32Array): number {
    const place = this.#sessions.placeOf(session);
    const length = this.#items.length(place);
    const array = this.#items.array(place);
    const newest = this.#items.from(place) + length - 1;
    const count = Math.min(length, into.length);
    for (let i = 0; i < count; i++) into[i] = array[newest - i]!;
    return count;
  }

  /** The item visited last; -1: none. */
  newestItem(session: number): number {
    const place = this.#sessions.placeOf(session);
    const length = this.#items.length(place);
    return length === 0 ? -1 : this.#items.array(place)[this.#items.from(place) + length - 1]!;
  }

  /** Copies the sessions that hold the item, newest visit first, each once, and answers how many. Allocates nothing. */
  copyPostings(item: number, into: Int32Array): number {
    const place = this.#places.of(item);
    return place < 0 ? 0 : this.postings.copy(place, into);
  }

  /** How many sessions `copyPostings` has, at most `postingLength`. */
  postingCount(item: number): number {
    const place = this.#places.of(item);
    return place < 0 ? 0 : this.postings.count(place);
  }

  /** How many sessions hold the item in all, for the inverse document frequency. 0 for one that was forgotten. */
  sessionsWith(item: number): number {
    return this.postings.holders(this.#places.of(item));
  }

  /** Reads what events with ids of these hashes will need. The hashes are written over. */
  lookAhead(hashes: Int32Array, count: number): void {
    this.#sessions.lookAhead(hashes, count);
    this.#items.lookAhead(hashes, count);
  }

  /** Reads what events of these people will need. */
  lookAheadOf(people: Int32Array, count: number): void {
    this.#sessions.lookAheadOf(people, count);
  }

  /** See `Sessions.keyNumber`. */
  keyNumber(key: string): number {
    return this.#sessions.keyNumber(key);
  }

  /** See `Sessions.keyNumberIn`. */
  keyNumberIn(bytes: Uint8Array, from: number, to: number): number {
    return this.#sessions.keyNumberIn(bytes, from, to);
  }

  /** The session that an event goes on with or, where `begins`, begins; -1: none. `key`: a number of `keyNumber`. */
  enter(person: number, key: number, atMicros: number, begins: boolean): number {
    let session = this.#sessions.find(person, key, atMicros);
    if (session === -1) {
      if (!begins || (person === -1 && key === -1)) return -1;
      if (this.#sessions.isFull) this.#forgetFirst();
      session = this.#sessions.begin(person, key, atMicros);
    }
    this.#sessions.touch(session, person, atMicros);
    return session;
  }

  /** Says whose session it is, by a handle of `People.handleOf`; -1: nobody's. */
  assign(session: number, handle: number): void {
    this.#sessions.setPerson(session, handle);
  }

  /** Adds an item to a session. */
  visit(session: number, item: number): void {
    const place = this.#sessions.placeOf(session);
    const held = this.#holds(place, item);
    this.#items.push(place, item);
    if (this.#items.length(place) > this.#itemsPerSession) this.#dropOldestItem(session, place);
    const itemPlace = this.#places.of(item);
    if (itemPlace !== -1) this.postings.push(itemPlace, session, held);
  }

  /** No session is found by the item any more. It stands in those that held it, as a number that leads nowhere. */
  forgetItem(item: number): void {
    this.postings.forget(this.#places.of(item));
  }

  mergePeople(from: number, to: number): void {
    this.#sessions.merge(from, to);
  }

  forgetPerson(person: number): void {
    this.#sessions.forget(person);
  }

  #holds(place: number, item: number): boolean {
    const length = this.#items.length(place);
    if (length === 0) return false;
    const array = this.#items.array(place);
    const from = this.#items.from(place);
    for (let i = from + length - 1; i >= from; i--) if (array[i] === item) return true;
    return false;
  }

  #dropOldestItem(session: number, place: number): void {
    const oldest = this.#items.array(place)[this.#items.from(place)]!;
    this.#items.dropOldest(place, 1);
    if (this.#holds(place, oldest)) return;
    const itemPlace = this.#places.of(oldest);
    if (itemPlace !== -1) this.postings.remove(itemPlace, session);
  }

  /** The session that began first leaves, out of the lists of its items too. */
  #forgetFirst(): void {
    const session = this.#sessions.first;
    const place = this.#sessions.placeOf(session);
    while (this.#items.length(place) > 0) this.#dropOldestItem(session, place);
    this.#items.clear(place);
    this.#sessions.forgetFirst();
  }

  persist(archive: Archive): void {
    this.#sessions.persist(archive.part('sessions'));
    this.#items.persist(archive.part('items'));
    this.postings.persist(archive.part('postings'));
  }
}
