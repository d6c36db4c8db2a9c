/** Rows of numbers and texts: what of the state lies in objects rather than in arrays. */
import type { RecordReader, RecordWriter } from '../fold/archive.ts';
import { grownBytes, grownFloats, grownInts } from '../fold/growth.ts';

const encoder = new TextEncoder();
const word = 64n;
const half = 4_294_967_296;

/** Collects the two rows. */
export class RecordColumns implements RecordWriter {
  #numbers = new Float64Array(64);
  #count = 0;
  #lengths = new Int32Array(64);
  #texts = 0;
  #bytes = new Uint8Array(256);
  #end = 0;

  get numbers(): Float64Array<ArrayBuffer> {
    return this.#numbers.subarray(0, this.#count);
  }

  /** Of each text, in bytes of UTF-8. */
  get lengths(): Int32Array<ArrayBuffer> {
    return this.#lengths.subarray(0, this.#texts);
  }

  /** The texts, end to end. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#end);
  }

  number(value: number): void {
    if (this.#count === this.#numbers.length) this.#numbers = grownFloats(this.#numbers, this.#count + 1);
    this.#numbers[this.#count++] = value;
  }

  bigint(value: bigint): void {
    const bits = BigInt.asUintN(Number(word), value);
    this.number(Number(bits >> 32n));
    this.number(Number(bits & 0xffffffffn));
  }

  text(value: string): void {
    this.#bytes = grownBytes(this.#bytes, this.#end + value.length * 3);
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(this.#end));
    this.#end += written;
    this.#lengths = grownInts(this.#lengths, this.#texts + 1);
    this.#lengths[this.#texts++] = written;
  }

  flag(value: boolean): void {
    this.number(value ? 1 : 0);
  }

  list<T>(values: Iterable<T>, count: number, write: (value: T) => void): void {
    this.number(count);
    for (const value of values) write(value);
  }

  optional<T>(value: T | undefined, write: (value: T) => void): void {
    this.flag(value !== undefined);
    if (value !== undefined) write(value);
  }
}

/** Reads the rows that {@link RecordColumns} collected. Throws RangeError where one asks for more than there is. */
export class RecordRows implements RecordReader {
  readonly #numbers: Float64Array;
  readonly #lengths: Int32Array;
  readonly #bytes: Buffer;
  #number = 0;
  #text = 0;
  #at = 0;

  constructor(numbers: Float64Array, lengths: Int32Array, bytes: Uint8Array) {
    this.#numbers = numbers;
    this.#lengths = lengths;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether all was read. */
  get isSpent(): boolean {
    return this.#number === this.#numbers.length && this.#text === this.#lengths.length;
  }

  number(): number {
    if (this.#number >= this.#numbers.length) throw new RangeError('a record asks for more numbers than there are');
    return this.#numbers[this.#number++]!;
  }

  bigint(): bigint {
    const high = this.number();
    return BigInt.asIntN(Number(word), BigInt(high) * BigInt(half) + BigInt(this.number()));
  }

  text(): string {
    if (this.#text >= this.#lengths.length) throw new RangeError('a record asks for more texts than there are');
    const end = this.#at + this.#lengths[this.#text++]!;
    const value = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end;
    return value;
  }

  flag(): boolean {
    return this.number() !== 0;
  }

  list<T>(read: () => T): T[] {
    const count = this.number();
    const values: T[] = [];
    for (let i = 0; i < count; i++) values.push(read());
    return values;
  }

  times(read: () => void): void {
    const count = this.number();
    for (let i = 0; i < count; i++) read();
  }

  optional<T>(read: () => T): T | undefined {
    return this.flag() ? read() : undefined;
  }
}
