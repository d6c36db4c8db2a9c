import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import { isPalateError } from '../errors.ts';
import type { DurableBatch } from '../journal/journal.ts';
import type { RecordBlock } from '../journal/record-block.ts';
import type { Log } from '../rpc/log.ts';
import { attachedEvent, decodeEvent } from './decode-event.ts';
import type { State } from './fold/state.ts';

/** So often the clock is asked, in records. */
const recordsPerLook = 16;

/** Records side by side, from a journal's files or from its owner. */
export type FoldableBlock = Pick<
  RecordBlock,
  'bytes' | 'length' | 'sequence' | 'appendedAtMicros' | 'tenant' | 'isTombstone' | 'from' | 'to'
>;

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
    const { bytes, from, to, length } = batch.events;
    const header = this.#header;
    header.appendedAtMicros = batch.appendedAtMicros;
    header.tenant = batch.tenant;
    for (let index = at; index < length; index++) {
      header.sequence = batch.firstSequence + index;
      if (header.sequence <= this.#state.sequence) continue;
      if (!this.#state.applyBytes(header, bytes, from[index]!, to[index]!)) {
        this.#apply(attachedEvent(batch, index) ?? this.#decode(bytes.subarray(from[index], to[index])));
      }
      if (this.#isOver(endsAt)) return index + 1;
    }
    return length;
  }

  foldBlock(block: FoldableBlock, at: number, endsAt: number): number {
    const { bytes, length } = block;
    const header = this.#header;
    for (let index = at; index < length; index++) {
      header.sequence = block.sequence(index);
      if (header.sequence <= this.#state.sequence) continue;
      header.appendedAtMicros = block.appendedAtMicros(index);
      header.tenant = block.tenant(index);
      if (block.isTombstone(index)) this.#apply(undefined);
      else if (!this.#state.applyBytes(header, bytes, block.from(index), block.to(index))) {
        this.#apply(this.#decode(bytes.subarray(block.from(index), block.to(index))));
      }
      if (this.#isOver(endsAt)) return index + 1;
    }
    return length;
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

  #isOver(endsAt: number): boolean {
    this.#records += 1;
    return this.#records % recordsPerLook === 0 && performance.now() >= endsAt;
  }
}
