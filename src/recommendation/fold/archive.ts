/** How the state is written into a snapshot and taken from one. What the bytes are is the snapshot's business. */

/**
 * One pass over the state, in or out. Each class has one `persist(archive)` that names all that it holds, in an order of
 * its own; the same lines serve both ways, so that what is written and what is read can't differ. When writing, a call
 * answers what it was given; when reading, what was written under that name.
 */
export interface Archive {
  readonly isReading: boolean;
  /** It only asks how much memory is held: nothing is to be worked out, moved or finished for it. */
  readonly isMeasuring: boolean;
  /** What belongs to one member: its names stand below `name`. */
  part(name: string): Archive;
  /** A few numbers, always as many. */
  numbers<const T extends readonly number[]>(name: string, values: T): { [K in keyof T]: number };
  /** How much of an array is to be kept: up to the last element that is not `fill`, or more. */
  used(array: Int32Array | Float64Array, fill?: number): number;
  /** The first `length` of an array. What is read is just as long: room to grow is the reader's business. */
  ints(name: string, array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer>;
  floats(name: string, array: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer>;
  bytes(name: string, array: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer>;
  /** Arrays that together are one, in place: all whole but the last, of which the first `lastLength` count. */
  chunks(name: string, chunks: Int32Array<ArrayBuffer>[], lastLength: number): void;
  /** Anything else, as a row of numbers and a row of texts. Only one of the two is called. */
  records(name: string, write: (out: RecordWriter) => void, read: (from: RecordReader) => void): void;
}

export interface RecordWriter {
  number(value: number): void;
  /** A whole number of 64 bits. */
  bigint(value: bigint): void;
  text(value: string): void;
  flag(value: boolean): void;
  /** How many, then each. */
  list<T>(values: Iterable<T>, count: number, write: (value: T) => void): void;
  /** Whether there is one, then it. */
  optional<T>(value: T | undefined, write: (value: T) => void): void;
}

/** Gives back what a {@link RecordWriter} took, in the same order. */
export interface RecordReader {
  number(): number;
  bigint(): bigint;
  text(): string;
  flag(): boolean;
  list<T>(read: () => T): T[];
  /** As `list`, for what needs no array. */
  times(read: () => void): void;
  optional<T>(read: () => T): T | undefined;
}
