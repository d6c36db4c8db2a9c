/** Who there is: users and visitors, who turned out to be whom, what they allow, and what is held of them. */
import { grownBytes, grownFloats, grownInts } from './growth.ts';
import { Ids } from './ids.ts';
import { type Interaction, Interactions } from './interactions.ts';
import { emptyRecord, type PersonRecord, reactions } from './person.ts';
import type { FoldSettings } from './settings.ts';

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
/** In `#mergedInto`: a number of its own; one that was forgotten. */
const itself = -1;
const forgotten = -2;
/** In `#consent`. */
const unsaid = 0;
const allowed = 1;
const refused = 2;

/** A visitor, who has no user's id. */
const none = -1;

const blank = Object.freeze(emptyRecord());

function known(person: number): number | undefined {
  return person === nobody ? undefined : person;
}

export class People {
  readonly #users = new Ids();
  readonly #visitors = new Ids();
  /** By person: the number of their user id among `#users`; -1: a visitor. */
  #userOf = new Int32Array(256);
  #count = 0;
  readonly #records: (PersonRecord | undefined)[] = [];
  readonly #interactions: Interactions;
  #mergedInto = new Int32Array(256).fill(itself);
  #consent = new Uint8Array(256);
  #firstSeen = new Float64Array(256);
  #lastSeen = new Float64Array(256);
  #gone = 0;

  constructor(settings: FoldSettings) {
    this.#interactions = new Interactions(settings.interactionsPerPerson);
  }

  /** How many people are known; a visitor merged into a user is not one more. */
  get size(): number {
    return this.#count - this.#gone;
  }

  /** The number of a user, else of a visitor or of the user that they turned out to be. Undefined: nobody known. */
  numberOf(ids: PersonIds): number | undefined {
    if (ids.userId) return known(this.#users.personOf(this.#users.texts.numberOf(ids.userId)));
    if (!ids.visitorId) return undefined;
    const number = known(this.#visitors.personOf(this.#visitors.texts.numberOf(ids.visitorId)));
    return number === undefined || this.#mergedInto[number] === forgotten ? undefined : number;
  }

  /** Whose number an earlier number is now; -1: nobody's any more. */
  resolve(person: number): number {
    let number = person;
    while (number >= 0 && this.#mergedInto[number] !== itself) number = this.#mergedInto[number]!;
    return number < 0 ? nobody : number;
  }

  /** False: nothing of what the person did may be used for their recommendations. */
  isPersonalised(person: number): boolean {
    return this.#consent[person] !== refused;
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
    return this.#interactions.includes(person, item);
  }

  /** In an order that is held, and not given back. */
  hasBought(person: number, item: number): boolean {
    for (const order of this.#records[person]?.orders ?? []) {
      if (order.items.some((line) => line.item === item && line.refunded < line.quantity)) return true;
    }
    return false;
  }

  /** Oldest in the journal first. */
  interactionsOf(person: number): readonly Interaction[] {
    return this.#interactions.all(person);
  }

  /** The lists, orders and so on; empty where the person has none. */
  recordOf(person: number): Readonly<PersonRecord> {
    return this.#records[person] ?? blank;
  }

  profile(person: number): Profile {
    const interactions = this.#interactions.all(person).reverse();
    return {
      ...this.recordOf(person),
      userId: this.#userOf[person] === none ? '' : this.#users.texts.textOf(this.#userOf[person]!),
      personalised: this.isPersonalised(person),
      interactions: interactions.sort((a, b) => b.occurredAtMicros - a.occurredAtMicros),
      firstSeenMicros: this.#firstSeen[person]!,
      lastSeenMicros: this.#lastSeen[person]!,
    };
  }

  /** The person of an event, a new one where it is the first; -1: it names nobody. */
  enter(userId: string, visitorId: string, atMicros: number): number {
    if (userId !== '') return this.#enter(this.#users, this.#users.texts.intern(userId), atMicros);
    if (visitorId !== '') return this.#enter(this.#visitors, this.#visitors.texts.intern(visitorId), atMicros);
    return nobody;
  }

  /** As `enter`, of a user's id as it stands in an event's bytes, not empty. */
  enterUser(bytes: Uint8Array, from: number, to: number, atMicros: number): number {
    return this.#enter(this.#users, this.#users.texts.internBytes(bytes, from, to), atMicros);
  }

  /** As `enter`, of a visitor's id as it stands in an event's bytes, not empty. */
  enterVisitor(bytes: Uint8Array, from: number, to: number, atMicros: number): number {
    return this.#enter(this.#visitors, this.#visitors.texts.internBytes(bytes, from, to), atMicros);
  }

  #enter(ids: Ids, id: number, atMicros: number): number {
    let person = ids.personOf(id);
    if (person === nobody || this.#mergedInto[person] === forgotten) {
      person = this.#begin(ids, id, atMicros);
    }
    if (atMicros > this.#lastSeen[person]!) this.#lastSeen[person] = atMicros;
    else if (atMicros < this.#firstSeen[person]!) this.#firstSeen[person] = atMicros;
    return person;
  }

  /** Held only while the person allows it. */
  addInteraction(person: number, item: number, eventType: number, atMicros: number): void {
    if (person !== nobody && this.#consent[person] !== refused) {
      this.#interactions.add(person, item, eventType, atMicros);
    }
  }

  setPersonalised(person: number, personalised: boolean): void {
    this.#consent[person] = personalised ? allowed : refused;
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
    this.#visitors.lead(this.#visitors.texts.intern(visitorId), user);
    const isOwn = visitor !== undefined && visitor !== user && this.#userOf[visitor] === none;
    return isOwn ? visitor : undefined;
  }

  /** Joins what two numbers stand for, besides their records, which the caller joins. `from` leads to `to` afterwards. */
  merge(from: number, to: number): void {
    this.#interactions.merge(from, to);
    if (this.#consent[to] === unsaid) this.#consent[to] = this.#consent[from]!;
    this.#firstSeen[to] = Math.min(this.#firstSeen[to]!, this.#firstSeen[from]!);
    this.#lastSeen[to] = Math.max(this.#lastSeen[to]!, this.#lastSeen[from]!);
    this.#records[from] = undefined;
    this.#mergedInto[from] = to;
    this.#gone++;
  }

  /** Forgets a person and the ids that lead to them. Their number leads nowhere afterwards. */
  forget(person: number): void {
    for (const visitorId of this.#records[person]?.visitorIds ?? []) {
      this.#visitors.forget(this.#visitors.texts.intern(visitorId));
    }
    if (this.#userOf[person] !== none) this.#users.forget(this.#userOf[person]!);
    this.#userOf[person] = none;
    this.#records[person] = undefined;
    this.#interactions.clear(person);
    this.#consent[person] = unsaid;
    this.#mergedInto[person] = forgotten;
    this.#gone++;
  }

  /** Users and visitors by their ids, with the numbers of those they are now. Forgotten ones are left out. */
  *ids(): Generator<{ readonly kind: 'user' | 'visitor'; readonly id: string; readonly person: number }> {
    for (const [id, person] of this.#users.entries()) yield { kind: 'user', id, person };
    for (const [id, person] of this.#visitors.entries()) {
      if (this.#mergedInto[person] !== forgotten) yield { kind: 'visitor', id, person };
    }
  }

  /** What the person said of it: 0 nothing, 1 allowed, 2 refused. */
  consentOf(person: number): number {
    return this.#consent[person]!;
  }

  #begin(ids: Ids, id: number, atMicros: number): number {
    const person = this.#count++;
    ids.lead(id, person);
    if (person >= this.#mergedInto.length) this.#grow(person + 1);
    this.#userOf[person] = ids === this.#users ? id : none;
    this.#records.push(undefined);
    this.#firstSeen[person] = atMicros;
    this.#lastSeen[person] = atMicros;
    return person;
  }

  #grow(people: number): void {
    this.#userOf = grownInts(this.#userOf, people);
    this.#mergedInto = grownInts(this.#mergedInto, people, itself);
    this.#consent = grownBytes(this.#consent, people);
    this.#firstSeen = grownFloats(this.#firstSeen, people);
    this.#lastSeen = grownFloats(this.#lastSeen, people);
  }
}
