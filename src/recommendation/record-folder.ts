import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { isPalateError } from '../errors.ts';
import type { DurableBatch } from '../journal/journal.ts';
import type { Log } from '../rpc/log.ts';
import { BatchRecords } from './batch-records.ts';
import { decodeEvent } from './decode-event.ts';
import { mostAhead } from './fold/look-ahead.ts';
import type { State } from './fold/state.ts';
import type { FoldableBlock } from './foldable-block.ts';

/**
 * Folds records into a state, a slice at a time. Each call begins at the record at `at` and returns where the next one is to
 * begin: when the time is `endsAt` (of `performance.now()`), or behind the last record. What the state has already is
 * passed over.
 */
export class RecordFolder {
  readonly #state: State;
  readonly #log: Log;
  /** Lent to the state for each record, which keeps none. */
  readonly #header = { sequence: 0, appendedAtMicros: 0, tenant: '' };
  #records = 0;
  #unreadable = 0;

  constructor(state: State, log: Log) {
    this.#state = state;
    this.#log = log;
  }

  /** Records folded, tombstones included. */
  get records(): number {
    return this.#records;
  }

  /** Those whose bytes are no event: reported and passed over. */
  get unreadable(): number {
    return this.#unreadable;
  }

  foldBatch(batch: DurableBatch, at: number, endsAt: number): number {
    return this.foldBlock(new BatchRecords(batch), at, endsAt);
  }

  foldBlock(block: FoldableBlock, at: number, endsAt: number): number {
    for (let from = at; from < block.length; ) {
      const to = Math.min(block.length, from + mostAhead);
      this.#lookAhead(block, from, to);
      for (let index = from; index < to; index++) this.#fold(block, index, index - from);
      if (performance.now() >= endsAt) return to;
      from = to;
    }
    return block.length;
  }

  /** Of records of several tenants, those of the first one's are looked ahead for; what that misses costs time only. */
  #lookAhead(block: FoldableBlock, from: number, to: number): void {
    const { run } = this.#state;
    const { bytes, words } = block;
    for (let at = from; at < to; at++) {
      if (words === undefined) run.scan(at - from, bytes, block.from(at), block.to(at));
      else run.load(at - from, bytes, words, block.wordsAt!(at));
    }
    this.#state.lookAhead(block.tenant(from));
  }

  /** `inRun`: which of the run it is. */
  #fold(block: FoldableBlock, at: number, inRun: number): void {
    const header = this.#header;
    header.sequence = block.sequence(at);
    if (header.sequence <= this.#state.sequence) return;
    this.#records += 1;
    header.appendedAtMicros = block.appendedAtMicros(at);
    header.tenant = block.tenant(at);
    const decoded = block.decoded?.(at);
    if (block.isTombstone(at)) this.#apply(undefined);
    else if (decoded !== undefined) this.#apply(decoded);
    else if (!this.#state.applyFromRun(header, inRun)) {
      this.#apply(this.#decode(block.bytes.subarray(block.from(at), block.to(at))));
    }
  }

  /** Undefined: there is nothing to fold. */
  #apply(event: Event | undefined): void {
    if (event === undefined) this.#state.skip(this.#header.sequence);
    else this.#state.apply(this.#header, event);
  }

  /** Undefined, reported and counted where the bytes are no event. Throws where a newer version wrote it. */
  #decode(bytes: Uint8Array): Event | undefined {
    const { sequence } = this.#header;
    try {
      return decodeEvent(sequence, bytes);
    } catch (error) {
      if (isPalateError(error)) throw error;
      this.#unreadable += 1;
      this.#log.error({ sequence, err: error }, 'a record of the journal is no event: it is passed over');
      return undefined;
    }
  }
}
