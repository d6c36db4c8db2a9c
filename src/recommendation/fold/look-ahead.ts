/**
 * What the next few events will need of a tenant's state is read for all of them before the first is folded. Nothing changes
 * by it but the time it takes: most events name another session and another person than the one before, so that each would
 * wait for memory at every step of its own; here the waits of a step go on at the same time.
 */
import { type EventSlots, maxElements } from '../../events/event-slots.ts';
import { eventSlots, payloadLayout, scannedPayloads } from '../../events/scanned-event.ts';
import { wireTypes } from '../../events/wire.ts';
import { eventTypeNumbers } from './event-types.ts';
import type { TenantState } from './tenant-state.ts';
import { TextKey } from './text-key.ts';

/** So many events are looked ahead for at once: of more, the first would have left the nearest cache again. */
export const mostAhead = 16;
/** And so many of the items that they name. */
const mostItems = 256;

const key = new TextKey();
const { sessionId, userId, visitorId } = eventSlots;

/** By the payload's field number: the slot of its item's id, if it has one. */
const itemSlots: (number | undefined)[] = [];
/** The tag of an item's id in each message of its list, if it has such a list; 0: the list is of ids. */
const idTags: (number | undefined)[] = [];
for (const name of scannedPayloads) {
  const layout = payloadLayout(name);
  if (layout.message.field['itemId'] !== undefined) itemSlots[eventTypeNumbers[name]] = layout.slot('itemId');
  for (const { fieldKind, message } of layout.message.fields) {
    const id = fieldKind === 'list' ? message?.field['itemId'] : undefined;
    if (id !== undefined) idTags[eventTypeNumbers[name]] = (id.number << 3) | wireTypes.LEN;
  }
}
idTags[eventTypeNumbers.listViewed] = 0;
idTags[eventTypeNumbers.searchPerformed] = 0;

/**
 * Writes the hashes of the ids that an event names from `into[at]` on and answers where they end: of its session, of its
 * user or else its visitor, of its items. What is not said has none.
 */
export function writeHashes(event: EventSlots, into: Int32Array, at: number): number {
  let end = at;
  if (!event.isEmpty(sessionId)) into[end++] = hashOf(event, event.from(sessionId), event.to(sessionId));
  const person = event.isEmpty(userId) ? visitorId : userId;
  if (!event.isEmpty(person)) into[end++] = hashOf(event, event.from(person), event.to(person));
  const item = itemSlots[event.payload];
  if (item !== undefined) into[end++] = hashOf(event, event.from(item), event.to(item));
  const tag = idTags[event.payload];
  if (tag === undefined) return end;
  for (let i = 0; i < event.elements; i++)
    end = writeListed(event, event.elementFrom(i), event.elementTo(i), tag, into, end);
  return end;
}

/** The most hashes of an event. */
export const mostHashes = 3 + maxElements;

/** Messages mostly begin with their item's id; one that does not is left out. */
function writeListed(event: EventSlots, from: number, to: number, tag: number, into: Int32Array, at: number): number {
  if (tag === 0) {
    into[at] = hashOf(event, from, to);
    return at + 1;
  }
  const end = from + 2 + event.bytes[from + 1]!;
  if (event.bytes[from] !== tag || end > to) return at;
  into[at] = hashOf(event, from + 2, end);
  return at + 1;
}

function hashOf({ bytes }: EventSlots, from: number, to: number): number {
  key.read(bytes, from, to);
  return key.hash;
}

/** Texts by their hashes. */
class Hashes {
  readonly all: Int32Array;
  count = 0;

  constructor(most: number) {
    this.all = new Int32Array(most);
  }

  /** One more, while there is room. */
  add(hash: number): void {
    if (this.count < this.all.length) this.all[this.count++] = hash;
  }
}

export class LookAhead {
  readonly #sessions = new Hashes(mostAhead);
  readonly #users = new Hashes(mostAhead);
  readonly #visitors = new Hashes(mostAhead);
  readonly #items = new Hashes(mostItems);

  /** One event more: its hashes are those from `hashes[from]` to before `to`, see `writeHashes`. */
  add(event: EventSlots, hashes: Int32Array, from: number, to: number): void {
    let at = from;
    if (!event.isEmpty(sessionId)) this.#sessions.add(hashes[at++]!);
    if (!event.isEmpty(userId)) this.#users.add(hashes[at++]!);
    else if (!event.isEmpty(visitorId)) this.#visitors.add(hashes[at++]!);
    while (at < to) this.#items.add(hashes[at++]!);
  }

  /** Reads what the events will need. The hashes are written over. */
  read({ sessions, people, catalogue }: TenantState): void {
    sessions.lookAhead(this.#sessions.all, this.#sessions.count);
    people.lookAhead('user', this.#users.all, this.#users.count);
    people.lookAhead('visitor', this.#visitors.all, this.#visitors.count);
    sessions.lookAheadOf(this.#users.all, this.#users.count);
    sessions.lookAheadOf(this.#visitors.all, this.#visitors.count);
    catalogue.lookAhead(this.#items.all, this.#items.count);
  }

  clear(): void {
    this.#sessions.count = 0;
    this.#users.count = 0;
    this.#visitors.count = 0;
    this.#items.count = 0;
  }
}
