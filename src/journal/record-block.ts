import type { ByteTarget } from './byte-target.ts';
import { eventStart, isTombstone, type JournalRecord, readAppendedAt, readRecord, readTenant } from './record.ts';

/**
 * Records side by side, as they lie in the file. Whoever reads millions of them asks for what it needs, by place from 0
 * to before `length`, and spares an object for each.
 */
export class RecordBlock {
  readonly #source: ByteTarget;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #sequences: Float64Array;

  constructor(source: ByteTarget, starts: Int32Array, ends: Int32Array, sequences: Float64Array) {
    this.#source = source;
    this.#starts = starts;
    this.#ends = ends;
    this.#sequences = sequences;
  }

  get length(): number {
    return this.#sequences.length;
  }

  /** In which the events lie. Keeping it keeps up to 1 MiB. */
  get bytes(): Uint8Array {
    return this.#source.bytes;
  }

  sequence(at: number): number {
    return this.#sequences[at]!;
  }

  /** Microseconds since 1970. */
  appendedAtMicros(at: number): number {
    return readAppendedAt(this.#source, this.#starts[at]!);
  }

  tenant(at: number): string {
    return readTenant(this.#source, this.#starts[at]!);
  }

  /** An event that was erased: it has no bytes. */
  isTombstone(at: number): boolean {
    return isTombstone(this.#source, this.#starts[at]!);
  }

  /** Where the event begins in `bytes`. */
  from(at: number): number {
    return eventStart(this.#source, this.#starts[at]!);
  }

  /** Where it ends: before this byte. */
  to(at: number): number {
    return this.#ends[at]!;
  }

  record(at: number): JournalRecord {
    return readRecord(this.#source, this.#starts[at]!, this.#ends[at]!, this.#sequences[at]!);
  }

  records(): JournalRecord[] {
    return Array.from(this.#sequences, (_, at) => this.record(at));
  }

  /** Those up to a sequence. */
  until(sequence: number): RecordBlock {
    let length = this.length;
    while (length > 0 && this.#sequences[length - 1]! > sequence) length--;
    const [starts, ends] = [this.#starts.subarray(0, length), this.#ends.subarray(0, length)];
    return new RecordBlock(this.#source, starts, ends, this.#sequences.subarray(0, length));
  }
}

/** Gathers the records of one block, whose bytes are all in one buffer. */
export class BlockBuilder {
  #starts: Int32Array;
  #ends: Int32Array;
  #sequences: Float64Array;
  #source: ByteTarget | undefined;
  #length = 0;
  #bytes = 0;
  readonly #maxBytes: number;
  readonly #maxRecords: number;

  constructor(maxBytes: number, maxRecords: number) {
    this.#maxBytes = maxBytes;
    this.#maxRecords = maxRecords;
    const places = Math.min(maxRecords, 8_192);
    this.#starts = new Int32Array(places);
    this.#ends = new Int32Array(places);
    this.#sequences = new Float64Array(places);
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Must the block end before a record of `length` bytes? One always fits. */
  isFull(length = 0): boolean {
    return this.#length === this.#maxRecords || (this.#length > 0 && this.#bytes + length > this.#maxBytes);
  }

  add(source: ByteTarget, start: number, end: number, sequence: number): void {
    if (this.#length === this.#starts.length) this.#grow();
    this.#source = source;
    this.#starts[this.#length] = start;
    this.#ends[this.#length] = end;
    this.#sequences[this.#length++] = sequence;
    this.#bytes += end - start;
  }

  /** What was gathered; the builder begins anew. Undefined: nothing. */
  take(): RecordBlock | undefined {
    if (this.#source === undefined) return undefined;
    const length = this.#length;
    const [starts, ends] = [this.#starts.slice(0, length), this.#ends.slice(0, length)];
    const block = new RecordBlock(this.#source, starts, ends, this.#sequences.slice(0, length));
    this.#source = undefined;
    this.#length = 0;
    this.#bytes = 0;
    return block;
  }

  #grow(): void {
    const places = Math.min(this.#maxRecords, this.#starts.length * 2);
    const [starts, ends, sequences] = [this.#starts, this.#ends, this.#sequences];
    this.#starts = new Int32Array(places);
    this.#ends = new Int32Array(places);
    this.#sequences = new Float64Array(places);
    this.#starts.set(starts);
    this.#ends.set(ends);
    this.#sequences.set(sequences);
  }
}
