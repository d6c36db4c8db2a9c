/**
 * What the next few events will need of a tenant's state is read for all of them before the first is folded. Nothing changes
 * by it but the time it takes: most events name another session and another person than the one before, so that each would
 * wait for memory at every step of its own; here the waits of a step go on at the same time.
 */
import { eventSlots, payloadLayout, scannedPayloads } from '../../events/scanned-event.ts';
import type { EventScanner } from '../../events/scanner.ts';
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

/** Texts by their hashes. */
class Hashes {
  readonly all: Int32Array;
  count = 0;

  constructor(most: number) {
    this.all = new Int32Array(most);
  }

  /** One more, while there is room. */
  add({ bytes }: EventScanner, from: number, to: number): void {
    if (this.count === this.all.length) return;
    key.read(bytes, from, to);
    this.all[this.count++] = key.hash;
  }
}

export class LookAhead {
  readonly #sessions = new Hashes(mostAhead);
  readonly #users = new Hashes(mostAhead);
  readonly #visitors = new Hashes(mostAhead);
  readonly #items = new Hashes(mostItems);

  /** One event more. */
  add(event: EventScanner): void {
    if (!event.isEmpty(sessionId)) this.#sessions.add(event, event.from(sessionId), event.to(sessionId));
    if (!event.isEmpty(userId)) this.#users.add(event, event.from(userId), event.to(userId));
    else if (!event.isEmpty(visitorId)) this.#visitors.add(event, event.from(visitorId), event.to(visitorId));
    const item = itemSlots[event.payload];
    if (item !== undefined) this.#items.add(event, event.from(item), event.to(item));
    const tag = idTags[event.payload];
    if (tag !== undefined) for (let i = 0; i < event.elements; i++) this.#addListed(event, i, tag);
  }

  /** Messages mostly begin with their item's id; one that does not is left out. */
  #addListed(event: EventScanner, index: number, tag: number): void {
    const from = event.elementFrom(index);
    const to = event.elementTo(index);
    if (tag === 0) {
      this.#items.add(event, from, to);
      return;
    }
    const end = from + 2 + event.bytes[from + 1]!;
    if (event.bytes[from] === tag && end <= to) this.#items.add(event, from + 2, end);
  }

  /** Reads what the events will need, and begins anew. */
  read({ sessions, people, catalogue }: TenantState): void {
    sessions.lookAhead(this.#sessions.all, this.#sessions.count);
    people.lookAhead('user', this.#users.all, this.#users.count);
    people.lookAhead('visitor', this.#visitors.all, this.#visitors.count);
    sessions.lookAheadOf(this.#users.all, this.#users.count);
    sessions.lookAheadOf(this.#visitors.all, this.#visitors.count);
    catalogue.lookAhead(this.#items.all, this.#items.count);
    for (const hashes of [this.#sessions, this.#users, this.#visitors, this.#items]) hashes.count = 0;
  }
}
