/** How much memory the typed arrays of a state take: most of it. The rest are objects in V8's heap. */
import type { Archive } from './archive.ts';
import type { Meal, Order } from './person.ts';
import { referencesTo } from './references.ts';
import type { TenantState } from './tenant-state.ts';

/** Of what is held of items, categories, and so on; `embeddings`: where photos of items lie in a model's space. */
export const memoryParts = [
  'items',
  'categories',
  'sessions',
  'pairs',
  'popularity',
  'people',
  'counts',
  'embeddings',
] as const;
export type MemoryPart = (typeof memoryParts)[number];

/**
 * Bytes of a tenant's arrays with their room to grow, by part. Looks at each array's length and into none, so it costs some
 * microseconds whatever they hold, and changes nothing: a table that is about to grow goes on as it would have. What follows from
 * them is not in it: tables in which numbers are looked up, and the heaps of the rankings.
 */
export function memoryOf(tenant: TenantState): Readonly<Record<MemoryPart, number>> {
  const { items, catalogue, categories, sessions, coOccurrence, popularity, trending } = tenant;
  return {
    items: bytesOf(items, catalogue),
    categories: bytesOf(categories),
    sessions: bytesOf(sessions),
    pairs: bytesOf(coOccurrence),
    popularity: bytesOf(popularity, trending),
    people: bytesOf({ persist: (archive) => tenant.people.persist(archive, noRecords) }),
    counts: bytesOf(tenant.traffic, tenant.loop),
    embeddings: tenant.meals.embeddingBytes,
  };
}

/** Who writes no records names none of them. */
const noRecords = { orders: referencesTo<Order>([]), meals: referencesTo<Meal>([]) };

interface Persisting {
  persist(archive: Archive): void;
}

function bytesOf(...parts: readonly Persisting[]): number {
  const arrays = new ArrayBytes();
  for (const part of parts) part.persist(arrays);
  return arrays.total;
}

/** Is shown all that the state holds, as a snapshot is, and takes down how long the arrays are. */
class ArrayBytes implements Archive {
  readonly isReading = false;
  readonly isMeasuring = true;
  total = 0;

  part(): Archive {
    return this;
  }

  numbers<const T extends readonly number[]>(_name: string, values: T): { [K in keyof T]: number } {
    return values as unknown as { [K in keyof T]: number };
  }

  used(array: Int32Array | Float64Array): number {
    return array.length;
  }

  ints(_name: string, array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
    return this.#counted(array);
  }

  floats(_name: string, array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
    return this.#counted(array);
  }

  bytes(_name: string, array: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return this.#counted(array);
  }

  chunks(_name: string, chunks: readonly Int32Array<ArrayBuffer>[]): void {
    for (const chunk of chunks) this.#counted(chunk);
  }

  /** Objects: they are in the heap. */
  records(): void {}

  #counted<A extends ArrayBufferView>(array: A): A {
    this.total += array.buffer.byteLength;
    return array;
  }
}
