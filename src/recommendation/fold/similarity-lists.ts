/** Lists of like items that were made outside and installed by events: by item, then by the list's name. */
import type { Archive, RecordReader, RecordWriter } from './archive.ts';
export interface SimilarityList {
  readonly items: Int32Array;
  readonly similarities: Float64Array;
}

const none: ReadonlyMap<string, SimilarityList> = new Map();

export class SimilarityLists {
  readonly #byItem = new Map<number, Map<string, SimilarityList>>();
  readonly #maxPerItem: number;

  constructor(maxPerItem: number) {
    this.#maxPerItem = maxPerItem;
  }

  /** The list of that name, most alike first. */
  get(item: number, name: string): SimilarityList | undefined {
    return this.#byItem.get(item)?.get(name);
  }

  /** All lists of an item, by name, the latest installed last. */
  of(item: number): ReadonlyMap<string, SimilarityList> {
    return this.#byItem.get(item) ?? none;
  }

  items(): Iterable<number> {
    return this.#byItem.keys();
  }

  /** Installs a list in place of that of the same name; an empty one takes it away. The oldest leaves a full item. */
  set(item: number, name: string, list: SimilarityList): void {
    const lists = this.#byItem.get(item) ?? new Map<string, SimilarityList>();
    lists.delete(name);
    if (list.items.length > 0) lists.set(name, list);
    if (lists.size > this.#maxPerItem) lists.delete(lists.keys().next().value as string);
    if (lists.size === 0) this.#byItem.delete(item);
    else this.#byItem.set(item, lists);
  }

  /** Takes the item's own lists away; it may stand in those of others. */
  forget(item: number): void {
    this.#byItem.delete(item);
  }

  persist(archive: Archive): void {
    archive.records(
      'lists',
      (out) =>
        out.list(this.#byItem, this.#byItem.size, ([item, lists]) => {
          out.number(item);
          out.list(lists, lists.size, ([name, list]) => {
            out.text(name);
            writeList(out, list);
          });
        }),
      (from) =>
        from.times(() => {
          const item = from.number();
          this.#byItem.set(item, new Map(from.list(() => [from.text(), readList(from)])));
        }),
    );
  }
}

function writeList(out: RecordWriter, { items, similarities }: SimilarityList): void {
  out.list(items, items.length, (item) => out.number(item));
  out.list(similarities, similarities.length, (similarity) => out.number(similarity));
}

function readList(from: RecordReader): SimilarityList {
  const items = Int32Array.from(from.list(() => from.number()));
  return { items, similarities: Float64Array.from(from.list(() => from.number())) };
}
