import type { JournalRecord } from '../record.ts';

const noBytes = new Uint8Array(0);

/**
 * The records of an answer, side by side, as they lie in it. It is read like a block of the journal's files: by place, without
 * an object for each record.
 */
export class AnswerBlock {
  /** In which the events lie. */
  readonly bytes: Uint8Array;
  /** How many records there are. */
  readonly length: number;
  readonly sequences: Float64Array;
  /** Microseconds since 1970. */
  readonly times: Float64Array;
  readonly starts: Int32Array;
  /** 0: the event was erased. */
  readonly ends: Int32Array;
  readonly tenants: string[];
  /** Seldom any: those of records whose trace is sampled. */
  #traces: Map<number, Uint8Array> | undefined;

  constructor(bytes: Uint8Array, length: number) {
    this.bytes = bytes;
    this.length = length;
    this.sequences = new Float64Array(length);
    this.times = new Float64Array(length);
    this.starts = new Int32Array(length);
    this.ends = new Int32Array(length);
    this.tenants = new Array<string>(length).fill('');
  }

  sequence(at: number): number {
    return this.sequences[at]!;
  }

  appendedAtMicros(at: number): number {
    return this.times[at]!;
  }

  tenant(at: number): string {
    return this.tenants[at]!;
  }

  /** The trace context of a record whose trace is sampled; empty: of any other. */
  trace(at: number): Uint8Array {
    return this.#traces?.get(at) ?? noBytes;
  }

  setTrace(at: number, trace: Uint8Array): void {
    this.#traces ??= new Map();
    this.#traces.set(at, trace);
  }

  /** Whether any record has a trace that is sampled. */
  get hasTraces(): boolean {
    return this.#traces !== undefined;
  }

  isTombstone(at: number): boolean {
    return this.ends[at] === 0;
  }

  from(at: number): number {
    return this.starts[at]!;
  }

  to(at: number): number {
    return this.ends[at]!;
  }

  /** Each as an object of its own. */
  records(): JournalRecord[] {
    return Array.from({ length: this.length }, (_, at) => ({
      sequence: this.sequence(at),
      appendedAtMicros: this.appendedAtMicros(at),
      tenant: this.tenant(at),
      trace: this.trace(at),
      kind: this.isTombstone(at) ? 'tombstone' : 'event',
      event: this.bytes.subarray(this.from(at), this.to(at)),
    }));
  }
}
