import type { Archive, RecordReader, RecordWriter } from '../fold/archive.ts';
import { type SectionType, sectionTypes } from './format.ts';
import { RecordRows } from './records.ts';

/** A section that was read and found whole. Its content lies in memory of its own, which becomes the state's. */
export interface Section {
  readonly type: number;
  readonly content: ArrayBuffer;
}

/** Hands the sections of a snapshot to the state. Throws RangeError where the state asks for what is not there. */
export class ArchiveReader implements Archive {
  readonly isReading = true;
  readonly isMeasuring = false;
  readonly #sections: Map<string, Section>;
  readonly #prefix: string;

  /** Sections that were asked for leave the map: what is left in it at the end, nobody wanted. */
  constructor(sections: Map<string, Section>, prefix = '') {
    this.#sections = sections;
    this.#prefix = prefix;
  }

  part(name: string): Archive {
    return new ArchiveReader(this.#sections, `${this.#prefix}${name}/`);
  }

  numbers<const T extends readonly number[]>(name: string, values: T): { [K in keyof T]: number } {
    const read = this.floats(name);
    if (read.length !== values.length) throw this.#mismatch(name, `has ${read.length} numbers, not ${values.length}`);
    return [...read] as unknown as { [K in keyof T]: number };
  }

  /** What is read has its own length. */
  used(): number {
    return 0;
  }

  ints(name: string): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#take(name, sectionTypes.ints));
  }

  floats(name: string): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#take(name, sectionTypes.floats));
  }

  bytes(name: string): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#take(name, sectionTypes.bytes));
  }

  chunks(name: string, chunks: Int32Array<ArrayBuffer>[]): void {
    const [count] = this.numbers(`${name}.count`, [0]);
    chunks.length = 0;
    for (let i = 0; i < count; i++) chunks.push(this.ints(`${name}.${i}`));
  }

  records(name: string, _write: (out: RecordWriter) => void, read: (from: RecordReader) => void): void {
    const numbers = this.floats(`${name}.numbers`);
    const rows = new RecordRows(numbers, this.ints(`${name}.lengths`), this.bytes(`${name}.texts`));
    read(rows);
    if (!rows.isSpent) throw this.#mismatch(name, 'has more than was read');
  }

  #take(name: string, type: SectionType): ArrayBuffer {
    const section = this.#sections.get(this.#prefix + name);
    if (section === undefined) throw this.#mismatch(name, 'is missing');
    if (section.type !== type) throw this.#mismatch(name, `is of type ${section.type}, not ${type}`);
    this.#sections.delete(this.#prefix + name);
    return section.content;
  }

  #mismatch(name: string, what: string): RangeError {
    return new RangeError(`section ${this.#prefix}${name} ${what}`);
  }
}
