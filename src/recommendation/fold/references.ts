/** Names objects that several places share by numbers, where they are written into a snapshot. */
import type { Archive } from './archive.ts';

export interface References<T> {
  /** Throws RangeError for one that is not among them. */
  numberOf(one: T): number;
  at(number: number): T;
  /** Writes a set of them, in its order, or fills it from what was written. */
  persist(archive: Archive, name: string, set: Set<T>): void;
}

/** Numbers them in their order. */
export function referencesTo<T>(all: Iterable<T>): References<T> {
  const byNumber = [...all];
  const numbers = new Map(byNumber.map((one, number) => [one, number]));
  const references: References<T> = {
    numberOf: (one) => numbers.get(one) ?? unknown('an object that is shared is kept in one place only'),
    at: (number) => byNumber[number] ?? unknown(`there is no object ${number}`),
    persist(archive, name, set) {
      const written = Int32Array.from(archive.isReading ? [] : set, references.numberOf);
      const read = archive.ints(name, written, written.length);
      if (archive.isReading) for (const number of read) set.add(references.at(number));
    },
  };
  return references;
}

function unknown(message: string): never {
  throw new RangeError(message);
}
