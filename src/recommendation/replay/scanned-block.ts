/** Records that one thread has read from the journal and scanned, and another one folds. */

import { EventScanner } from '../../events/scanner.ts';
import type { RecordBlock } from '../../journal/record-block.ts';
import { mostEventWords, scanIntoWords } from '../fold/scanned-run.ts';
import type { FoldableBlock } from '../foldable-block.ts';

/** Of a block. */
export const mostRecords = 4_096;
const wordCount = 262_144;
/** What is asked of the journal at a time; a longer record comes alone. */
export const blockBytes = 524_288;
/** Numbers of a record. */
const doublesEach = 2;
const intsEach = 4;
/** In place of an end: the record was erased. */
const erased = -1;

/**
 * Memory of a block that both threads see, as buffers that change hands would count as the heap's until the next full
 * collection, and so bring it about.
 */
export interface BlockMemory {
  /** Of a record: its sequence, its time. */
  readonly doubles: Float64Array;
  /** Of a record: where it starts, where it ends, its place in `words`, its tenant's in `tenants`. */
  readonly ints: Int32Array;
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

/** What is said of a block besides what is in its memory. */
export interface BlockParts {
  readonly length: number;
  readonly tenants: readonly string[];
  /** The records' bytes, where they are too many for the memory. */
  readonly bytes: Uint8Array | undefined;
}

export function createMemory(): BlockMemory {
  return {
    doubles: new Float64Array(new SharedArrayBuffer(mostRecords * doublesEach * 8)),
    ints: new Int32Array(new SharedArrayBuffer(mostRecords * intsEach * 4)),
    words: new Int32Array(new SharedArrayBuffer(wordCount * 4)),
    bytes: new Uint8Array(new SharedArrayBuffer(blockBytes)),
  };
}

const scanner = new EventScanner('wanted');

/** Copies and scans records of a block from `at` on, as many as there is room for, one at least. */
export function scanRecords(block: RecordBlock, at: number, memory: BlockMemory): BlockParts {
  const { doubles, ints, words } = memory;
  const from = block.from(at);
  const end = Math.min(block.length, at + mostRecords);
  const all = block.bytes.subarray(from, block.to(end - 1));
  const bytes = all.length <= memory.bytes.length ? memory.bytes : new Uint8Array(all.length);
  bytes.set(all);
  const tenants: string[] = [];
  let length = 0;
  for (let used = 0; at + length < end && used + mostEventWords <= words.length; length++) {
    const record = at + length;
    const start = block.from(record) - from;
    const stop = block.to(record) - from;
    doubles[length * doublesEach] = block.sequence(record);
    doubles[length * doublesEach + 1] = block.appendedAtMicros(record);
    ints[length * intsEach] = start;
    ints[length * intsEach + 1] = block.isTombstone(record) ? erased : stop;
    ints[length * intsEach + 2] = used;
    ints[length * intsEach + 3] = placeOf(tenants, block.tenant(record));
    used = scanIntoWords(scanner, bytes, start, stop, words, used);
  }
  return { length, tenants, bytes: bytes === memory.bytes ? undefined : bytes };
}

/** Adds a name where it is new. Mostly it is the one before. */
function placeOf(names: string[], name: string): number {
  if (names.at(-1) === name) return names.length - 1;
  const known = names.indexOf(name);
  return known === -1 ? names.push(name) - 1 : known;
}

export class ScannedBlock implements FoldableBlock {
  readonly length: number;
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly #doubles: Float64Array;
  readonly #ints: Int32Array;
  readonly #tenants: BlockParts['tenants'];

  constructor(memory: BlockMemory, { length, tenants, bytes }: BlockParts) {
    this.length = length;
    this.words = memory.words;
    this.bytes = bytes ?? memory.bytes;
    this.#doubles = memory.doubles;
    this.#ints = memory.ints;
    this.#tenants = tenants;
  }

  sequence(at: number): number {
    return this.#doubles[at * doublesEach]!;
  }

  appendedAtMicros(at: number): number {
    return this.#doubles[at * doublesEach + 1]!;
  }

  tenant(at: number): string {
    return this.#tenants[this.#ints[at * intsEach + 3]!]!;
  }

  isTombstone(at: number): boolean {
    return this.#ints[at * intsEach + 1] === erased;
  }

  from(at: number): number {
    return this.#ints[at * intsEach]!;
  }

  to(at: number): number {
    return this.#ints[at * intsEach + 1]!;
  }

  wordsAt(at: number): number {
    return this.#ints[at * intsEach + 2]!;
  }
}
