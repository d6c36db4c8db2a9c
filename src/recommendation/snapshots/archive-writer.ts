import type { Archive, RecordReader, RecordWriter } from '../fold/archive.ts';
import { usedLength } from '../fold/growth.ts';
import { type SectionType, sectionTypes } from './format.ts';
import { RecordColumns } from './records.ts';

/** Takes the sections of a snapshot as they come. `content` is the state's own memory: it holds until the call returns. */
export type SectionSink = (name: string, type: SectionType, content: Uint8Array) => void;

/** Hands the state to a sink, section by section. */
export class ArchiveWriter implements Archive {
  readonly isReading = false;
  readonly isMeasuring = false;
  readonly #sink: SectionSink;
  readonly #prefix: string;

  constructor(sink: SectionSink, prefix = '') {
    this.#sink = sink;
    this.#prefix = prefix;
  }

  part(name: string): Archive {
    return new ArchiveWriter(this.#sink, `${this.#prefix}${name}/`);
  }

  numbers<const T extends readonly number[]>(name: string, values: T): { [K in keyof T]: number } {
    this.floats(name, Float64Array.from(values), values.length);
    return values as unknown as { [K in keyof T]: number };
  }

  used(array: Int32Array | Float64Array, fill = 0): number {
    return usedLength(array, fill);
  }

  ints(name: string, array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
    this.#write(name, sectionTypes.ints, array.subarray(0, length));
    return array;
  }

  floats(name: string, array: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
    this.#write(name, sectionTypes.floats, array.subarray(0, length));
    return array;
  }

  bytes(name: string, array: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
    this.#write(name, sectionTypes.bytes, array.subarray(0, length));
    return array;
  }

  chunks(name: string, chunks: Int32Array<ArrayBuffer>[], lastLength: number): void {
    this.numbers(`${name}.count`, [chunks.length]);
    for (const [i, chunk] of chunks.entries()) {
      this.ints(`${name}.${i}`, chunk, i === chunks.length - 1 ? lastLength : chunk.length);
    }
  }

  records(name: string, write: (out: RecordWriter) => void, _read: (from: RecordReader) => void): void {
    const columns = new RecordColumns();
    write(columns);
    this.#write(`${name}.numbers`, sectionTypes.floats, columns.numbers);
    this.#write(`${name}.lengths`, sectionTypes.ints, columns.lengths);
    this.#write(`${name}.texts`, sectionTypes.bytes, columns.bytes);
  }

  #write(name: string, type: SectionType, array: Int32Array | Float64Array | Uint8Array): void {
    this.#sink(this.#prefix + name, type, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
}
