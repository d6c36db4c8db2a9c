/**
 * Which items are in which categories. Each pair of item and category is a membership with a number of its own, so that
 * what is kept by membership (places in heaps) lies in arrays.
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
  readonly #names = new Interner();
  readonly #places: ItemPlaces;
  /** By the item's place. */
  readonly #memberships: (number[] | undefined)[] = [];
  readonly #free: number[] = [];
  #items = new Int32Array(256);
  #categories = new Int32Array(256);
  #size = 0;

  constructor(places = new ItemPlaces()) {
    this.#places = places;
  }

  numberOf(name: string): number | undefined {
    return this.#names.numberOf(name);
  }

  /** The memberships of an item. */
  of(item: number): readonly number[] {
    return this.#memberships[this.#places.of(item)] ?? none;
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

  /** Puts the item into exactly these categories and tells the listeners of each change. */
  assign(item: number, names: readonly string[], listeners: readonly MembershipListener[]): void {
    const wanted = new Set(names.map((name) => this.#names.intern(name)));
    const kept: number[] = [];
    for (const membership of this.of(item)) {
      const category = this.#categories[membership]!;
      if (wanted.delete(category)) kept.push(membership);
      else this.#leave(category, membership, listeners);
    }
    for (const category of wanted) kept.push(this.#join(item, category, listeners));
    const place = this.#places.of(item);
    while (this.#memberships.length <= place) this.#memberships.push(undefined);
    this.#memberships[place] = kept.length === 0 ? undefined : kept;
  }

  #join(item: number, category: number, listeners: readonly MembershipListener[]): number {
    const membership = this.#free.pop() ?? this.#size++;
    this.#items = grownInts(this.#items, membership + 1);
    this.#categories = grownInts(this.#categories, membership + 1);
    this.#items[membership] = item;
    this.#categories[membership] = category;
    for (const listener of listeners) listener.joined(item, category, membership);
    return membership;
  }

  #leave(category: number, membership: number, listeners: readonly MembershipListener[]): void {
    for (const listener of listeners) listener.left(category, membership);
    this.#free.push(membership);
  }

  persist(archive: Archive): void {
    this.#names.persist(archive.part('names'));
    [this.#size] = archive.numbers('size', [this.#size]);
    this.#items = archive.ints('items', this.#items, this.#size);
    this.#categories = archive.ints('categories', this.#categories, this.#size);
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
