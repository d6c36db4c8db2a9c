/** Who there is: users and visitors, who turned out to be whom, what they allow, and what is held of them. */
import type { Archive } from './archive.ts';
import { Ids } from './ids.ts';
import { type Interaction, Interactions } from './interactions.ts';
import { lookedAt } from './looked-at.ts';
import { readRecord, type SharedRecords, writeRecord } from './persisted-records.ts';
import { emptyRecord, type PersonRecord, reactions } from './person.ts';
import { consents, PersonTable } from './person-table.ts';
import type { FoldSettings } from './settings.ts';
import { Utf8 } from './utf8.ts';

export interface PersonIds {
  readonly userId?: string;
  readonly visitorId?: string;
}

/** All that is held of a person, by the numbers of items. */
export interface Profile extends Readonly<PersonRecord> {
  /** '': not known. */
  readonly userId: string;
  readonly personalised: boolean;
  /** Latest first. */
  readonly interactions: readonly Interaction[];
  readonly firstSeenMicros: number;
  readonly lastSeenMicros: number;
}

const nobody = -1;
const utf8 = new Utf8();
const blank = Object.freeze(emptyRecord());

function known(person: number): number | undefined {
  return person === nobody ? undefined : person;
}

export class People {
  readonly #users = new Ids();
  readonly #visitors = new Ids();
  readonly #table: PersonTable;
  readonly #records: (PersonRecord | undefined)[] = [];
  readonly interactions: Interactions;
  readonly #makeRoom: (oldest: number) => void;
  /** Numbers that are held for their sessions only: of visitors merged into a user. */
  #merged = 0;
  #evicted = 0;

  /** `makeRoom`: forgets a person, by way of `forget`, so that another one can begin. */
  constructor(settings: FoldSettings, makeRoom: (oldest: number) => void) {
    this.#table = new PersonTable(settings.maxPeople);
    this.interactions = new Interactions(settings.interactionsPerPerson);
    this.#makeRoom = makeRoom;
  }

  /** How many people are known; a visitor merged into a user is not one more. */
  get size(): number {
    return this.#table.count - this.#merged;
  }

  /** How many had to leave because others were seen since. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The numbers that are held, merged ones too: the next to leave first. */
  nextToLeave(): Iterable<number> {
    return this.#table.oldestFirst();
  }

  /** The number of a user, else of a visitor or of the user that they turned out to be. Undefined: nobody known. */
  numberOf(ids: PersonIds): number | undefined {
    if (ids.userId) return known(this.#users.personOf(ids.userId));
    if (!ids.visitorId) return undefined;
    return known(this.#visitors.personOf(ids.visitorId));
  }

  /** For what outlives a person: leads to them, or to whom they turned out to be, by way of `resolve`. -1 for -1. */
  handleOf(person: number): number {
    return this.#table.handleOf(person);
  }

  /** Whom a handle leads to; -1: nobody any more. */
  resolve(handle: number): number {
    return this.#table.resolve(handle);
  }

  /** False: nothing of what the person did may be used for their recommendations. */
  isPersonalised(person: number): boolean {
    return this.#table.consentOf(person) !== consents.refused;
  }

  /** One of `reactions`. */
  reaction(person: number, item: number): number {
    return this.#records[person]?.opinions.get(item)?.reaction ?? reactions.none;
  }

  /** Disliked, hidden or of no interest to them. */
  rejects(person: number, item: number): boolean {
    return this.reaction(person, item) > reactions.like;
  }

  /** Among the interactions that are held. */
  hasSeen(person: number, item: number): boolean {
    return this.interactions.includes(person, item);
  }

  /** In an order that is held, and not given back. */
  hasBought(person: number, item: number): boolean {
    for (let order = this.#records[person]?.orders; order !== undefined; order = order.next) {
      if (order.items.some((line) => line.item === item && line.refunded < line.quantity)) return true;
    }
    return false;
  }

  /** Oldest in the journal first. */
  interactionsOf(person: number): readonly Interaction[] {
    return this.interactions.all(person);
  }

  /** The lists, orders and so on; empty where the person has none. */
  recordOf(person: number): Readonly<PersonRecord> {
    return this.#records[person] ?? blank;
  }

  profile(person: number): Profile {
    const interactions = this.interactions.all(person).reverse();
    return {
      ...this.recordOf(person),
      userId: this.#userId(person),
      personalised: this.isPersonalised(person),
      interactions: interactions.sort((a, b) => b.occurredAtMicros - a.occurredAtMicros),
      firstSeenMicros: this.#table.firstSeenMicros(person),
      lastSeenMicros: this.#table.lastSeenMicros(person),
    };
  }

  /** The person of an event, a new one where it is the first; -1: it names nobody. */
  enter(userId: string, visitorId: string, atMicros: number): number {
    const length = utf8.encode(userId === '' ? visitorId : userId);
    if (length === 0) return nobody;
    return userId === ''
      ? this.enterVisitor(utf8.bytes, 0, length, atMicros)
      : this.enterUser(utf8.bytes, 0, length, atMicros);
  }

  /** Reads what events with ids of these hashes will need: of users, or else of visitors. The hashes become their numbers. */
  lookAhead(kind: 'user' | 'visitor', hashes: Int32Array, count: number): void {
    (kind === 'user' ? this.#users : this.#visitors).lookAhead(hashes, count);
    let sum = 0;
    for (let i = 0; i < count; i++) sum += this.#table.lastSeenMicros(hashes[i]!);
    lookedAt[0] = sum;
  }

  /** As `enter`, of a user's id as it stands in an event's bytes, not empty. */
  enterUser(bytes: Uint8Array, from: number, to: number, atMicros: number): number {
    const known = this.#users.personOfBytes(bytes, from, to);
    if (known !== nobody) return this.#see(known, atMicros);
    const person = this.#begin(atMicros);
    this.#table.setId(person, this.#users.leadBytes(bytes, from, to, person));
    return person;
  }

  /** As `enter`, of a visitor's id as it stands in an event's bytes, not empty. */
  enterVisitor(bytes: Uint8Array, from: number, to: number, atMicros: number): number {
    const known = this.#visitors.personOfBytes(bytes, from, to);
    if (known !== nobody) return this.#see(known, atMicros);
    const person = this.#begin(atMicros);
    this.#table.setId(person, -this.#visitors.leadBytes(bytes, from, to, person));
    return person;
  }

  /** Held only while the person allows it. */
  addInteraction(person: number, item: number, eventType: number, atMicros: number): void {
    if (person !== nobody && this.#table.consentOf(person) !== consents.refused) {
      this.interactions.add(person, item, eventType, atMicros);
    }
  }

  setPersonalised(person: number, personalised: boolean): void {
    this.#table.setConsent(person, personalised ? consents.allowed : consents.refused);
  }

  /** The record to change, a new one where there was none. */
  record(person: number): PersonRecord {
    const known = this.#records[person];
    if (known !== undefined) return known;
    const record = emptyRecord();
    this.#records[person] = record;
    return record;
  }

  /**
   * A visitor turned out to be a user: the visitor's id leads to the user from now on. Answers the number that the
   * visitor had until now, when it was one of their own; its past is then the caller's to hand over, with `merge`.
   */
  identify(visitorId: string, user: number): number | undefined {
    const visitor = this.numberOf({ visitorId });
    this.#visitors.lead(visitorId, user);
    const isOwn = visitor !== undefined && this.#table.idOf(visitor) < 0;
    if (!isOwn) return undefined;
    this.#table.setId(visitor, 0);
    return visitor;
  }

  /** A visitor's id led to the user, and is one too many. */
  forgetVisitorId(visitorId: string, user: number): void {
    if (this.#visitors.personOf(visitorId) === user) this.#visitors.forget(visitorId);
  }

  /** Joins what two numbers stand for, besides their records, which the caller joins. `from` leads to `to` afterwards. */
  merge(from: number, to: number): void {
    this.interactions.merge(from, to);
    if (this.#table.consentOf(to) === consents.unsaid) this.#table.setConsent(to, this.#table.consentOf(from));
    this.#table.widen(to, this.#table.firstSeenMicros(from));
    this.#table.widen(to, this.#table.lastSeenMicros(from));
    this.#records[from] = undefined;
    this.#table.setMergedInto(from, to);
    this.#merged++;
  }

  /** Forgets a person and the ids that lead to them. Their number is somebody else's afterwards. */
  forget(person: number): void {
    for (const visitorId of this.#records[person]?.visitorIds ?? []) this.forgetVisitorId(visitorId, person);
    const id = this.#table.idOf(person);
    if (id > 0) this.#users.forgetAt(id);
    else if (id < 0) this.#visitors.forgetAt(-id);
    if (this.#table.isMerged(person)) this.#merged--;
    this.#records[person] = undefined;
    this.interactions.clear(person);
    this.#table.end(person);
  }

  /** Users and visitors by their ids, with the numbers of those they are now. */
  *ids(): Generator<{ readonly kind: 'user' | 'visitor'; readonly id: string; readonly person: number }> {
    for (const [id, person] of this.#users.entries()) yield { kind: 'user', id, person };
    for (const [id, person] of this.#visitors.entries()) yield { kind: 'visitor', id, person };
  }

  /** What the person said of it: one of `consents`. */
  consentOf(person: number): number {
    return this.#table.consentOf(person);
  }

  #userId(person: number): string {
    const id = this.#table.idOf(person);
    return id > 0 ? this.#users.textAt(id) : '';
  }

  #see(person: number, atMicros: number): number {
    this.#table.see(person, atMicros);
    return person;
  }

  #begin(atMicros: number): number {
    if (this.#table.isFull) {
      this.#makeRoom(this.#table.oldest);
      this.#evicted++;
    }
    const person = this.#table.begin(atMicros);
    if (person === this.#records.length) this.#records.push(undefined);
    return person;
  }

  /** `shared`: the orders and meals, which come first. */
  persist(archive: Archive, shared: SharedRecords): void {
    this.#users.persist(archive.part('users'));
    this.#visitors.persist(archive.part('visitors'));
    this.#table.persist(archive.part('people'));
    this.interactions.persist(archive.part('interactions'));
    [this.#merged, this.#evicted] = archive.numbers('counts', [this.#merged, this.#evicted]);
    archive.records(
      'records',
      (out) =>
        out.list(this.#records, this.#records.length, (record) =>
          out.optional(record, (held) => writeRecord(out, held, shared)),
        ),
      (from) => from.times(() => this.#records.push(from.optional(() => readRecord(from, shared)))),
    );
  }
}
