/**
 * Which items are in which categories. Each pair of item and category is a membership with a number of its own, so that
 * what is kept by membership (places in heaps) lies in arrays. A category is there while an item is in it: the last one to
 * leave frees its number and its name's room. There are at most `max`; where as many are held, a further one does not
 * begin, and the item is in its other ones only.
 */
import type { Archive } from './archive.ts';
import { grownInts } from './growth.ts';
import { Interner } from './interner.ts';
import { ItemPlaces } from './item-places.ts';

/** Is told of memberships that begin and end. */
export interface MembershipListener {
  joined(item: number, category: number, membership: number): void;
  left(category: number, membership: number): void;
}

const none: readonly number[] = [];

export class Categories {
  readonly #max: number;
  readonly #names = new Interner();
  readonly #places: ItemPlaces;
  /** By the item's place. */
  readonly #memberships: (number[] | undefined)[] = [];
  readonly #free: number[] = [];
  #items = new Int32Array(256);
  #categories = new Int32Array(256);
  #size = 0;
  /** By category: how many items are in it. */
  #members = new Int32Array(64);
  #held = 0;
  #refused = 0;

  constructor(max: number, places = new ItemPlaces()) {
    this.#max = max;
    this.#places = places;
  }

  /** How many there are. */
  get held(): number {
    return this.#held;
  }

  /** How often an item could not be put into a category because there were as many as may be. */
  get refused(): number {
    return this.#refused;
  }

  /** Undefined: no item is in it. */
  numberOf(name: string): number | undefined {
    return this.#names.numberOf(name);
  }

  /** The memberships of an item. */
  of(item: number): readonly number[] {
    return this.#memberships[this.#places.of(item)] ?? none;
  }

  /** The names of the categories that the item is in. */
  namesOf(item: number): readonly string[] {
    return this.of(item).map((membership) => this.#names.textOf(this.#categories[membership]!));
  }

  itemOf(membership: number): number {
    return this.#items[membership]!;
  }

  categoryOf(membership: number): number {
    return this.#categories[membership]!;
  }

  /** Calls for each membership that there is. */
  eachMembership(call: MembershipListener['joined']): void {
    for (const held of this.#memberships) {
      for (const membership of held ?? none) call(this.itemOf(membership), this.categoryOf(membership), membership);
    }
  }

  /** Puts the item into exactly these categories, so far as there is room, and tells the listeners of each change. */
  assign(item: number, names: readonly string[], listeners: readonly MembershipListener[]): void {
    const kept = this.#leaveOthers(item, names, listeners);
    const held = new Set(kept.map((membership) => this.#categories[membership]!));
    for (const name of names) {
      const category = this.#begin(name);
      if (category === undefined || held.has(category)) continue;
      held.add(category);
      kept.push(this.#join(item, category, listeners));
    }
    const place = this.#places.of(item);
    while (this.#memberships.length <= place) this.#memberships.push(undefined);
    this.#memberships[place] = kept.length === 0 ? undefined : kept;
  }

  /** Takes the item out of all others: first, so that what they free can be given again. Answers what it stays in. */
  #leaveOthers(item: number, names: readonly string[], listeners: readonly MembershipListener[]): number[] {
    const wanted = new Set(names.map((name) => this.#names.numberOf(name)));
    const kept: number[] = [];
    for (const membership of this.of(item)) {
      const category = this.#categories[membership]!;
      if (wanted.has(category)) kept.push(membership);
      else this.#leave(category, membership, listeners);
    }
    return kept;
  }

  /** Undefined: there is no room for it. */
  #begin(name: string): number | undefined {
    const known = this.#names.numberOf(name);
    if (known !== undefined) return known;
    if (this.#held >= this.#max) {
      this.#refused++;
      return undefined;
    }
    this.#held++;
    const category = this.#names.intern(name);
    this.#members = grownInts(this.#members, category + 1);
    return category;
  }

  #join(item: number, category: number, listeners: readonly MembershipListener[]): number {
    const membership = this.#free.pop() ?? this.#size++;
    this.#items = grownInts(this.#items, membership + 1);
    this.#categories = grownInts(this.#categories, membership + 1);
    this.#items[membership] = item;
    this.#categories[membership] = category;
    this.#members[category] = this.#members[category]! + 1;
    for (const listener of listeners) listener.joined(item, category, membership);
    return membership;
  }

  #leave(category: number, membership: number, listeners: readonly MembershipListener[]): void {
    for (const listener of listeners) listener.left(category, membership);
    this.#free.push(membership);
    const members = this.#members[category]! - 1;
    this.#members[category] = members;
    if (members > 0) return;
    this.#names.wipe(category);
    this.#held--;
  }

  persist(archive: Archive): void {
    this.#names.persist(archive.part('names'));
    [this.#size, this.#held, this.#refused] = archive.numbers('size', [this.#size, this.#held, this.#refused]);
    this.#items = archive.ints('items', this.#items, this.#size);
    this.#categories = archive.ints('categories', this.#categories, this.#size);
    this.#members = archive.ints('members', this.#members, this.#names.size);
    archive.records(
      'memberships',
      (out) => {
        out.list(this.#free, this.#free.length, (membership) => out.number(membership));
        out.list(this.#memberships, this.#memberships.length, (held) =>
          out.list(held ?? none, held?.length ?? 0, (membership) => out.number(membership)),
        );
      },
      (from) => {
        this.#free.push(...from.list(() => from.number()));
        from.times(() => {
          const held = from.list(() => from.number());
          this.#memberships.push(held.length === 0 ? undefined : held);
        });
      },
    );
  }
}
