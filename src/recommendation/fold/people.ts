/** Who there is: users and visitors, who turned out to be whom, what they allow, and what is held of them. */
import { grownBytes, grownFloats, grownInts } from './growth.ts';
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

const blank = Object.freeze(emptyRecord());

export class People {
  readonly #users = new Map<string, number>();
  readonly #visitors = new Map<string, number>();
  readonly #userIds: string[] = [];
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
    return this.#userIds.length - this.#gone;
  }

  /** The number of a user, else of a visitor or of the user that they turned out to be. Undefined: nobody known. */
  numberOf(ids: PersonIds): number | undefined {
    if (ids.userId) return this.#users.get(ids.userId);
    return ids.visitorId ? this.#visitors.get(ids.visitorId) : undefined;
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
      userId: this.#userIds[person]!,
      personalised: this.isPersonalised(person),
      interactions: interactions.sort((a, b) => b.occurredAtMicros - a.occurredAtMicros),
      firstSeenMicros: this.#firstSeen[person]!,
      lastSeenMicros: this.#lastSeen[person]!,
    };
  }

  /** The person of an event, a new one where it is the first; -1: it names nobody. */
  enter(userId: string, visitorId: string, atMicros: number): number {
    let person: number | undefined = nobody;
    if (userId !== '') person = this.#users.get(userId) ?? this.#begin(this.#users, userId, userId, atMicros);
    else if (visitorId !== '') person = this.#visitors.get(visitorId) ?? this.#begin(this.#visitors, visitorId, '', atMicros);
    if (person === nobody) return nobody;
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

  #begin(numbers: Map<string, number>, id: string, userId: string, atMicros: number): number {
    const person = this.#userIds.length;
    numbers.set(id, person);
    this.#userIds.push(userId);
    this.#records.push(undefined);
    if (person >= this.#mergedInto.length) this.#grow(person + 1);
    this.#firstSeen[person] = atMicros;
    this.#lastSeen[person] = atMicros;
    return person;
  }

  #grow(people: number): void {
    this.#mergedInto = grownInts(this.#mergedInto, people, itself);
    this.#consent = grownBytes(this.#consent, people);
    this.#firstSeen = grownFloats(this.#firstSeen, people);
    this.#lastSeen = grownFloats(this.#lastSeen, people);
  }
}
