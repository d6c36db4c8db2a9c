import type { Event } from '../../gen/palate/event/v1/event_pb.ts';
import type { DurableBatch } from '../journal/journal.ts';
import { attachedEvent } from './decode-event.ts';
import type { FoldableBlock } from './foldable-block.ts';

/** A batch that just became durable, as records side by side. */
export class BatchRecords implements FoldableBlock {
  readonly #batch: DurableBatch;

  constructor(batch: DurableBatch) {
    this.#batch = batch;
  }

  get bytes(): Uint8Array {
    return this.#batch.events.bytes;
  }

  get length(): number {
    return this.#batch.events.length;
  }

  sequence(at: number): number {
    return this.#batch.firstSequence + at;
  }

  appendedAtMicros(): number {
    return this.#batch.appendedAtMicros;
  }

  tenant(): string {
    return this.#batch.tenant;
  }

  isTombstone(): boolean {
    return false;
  }

  from(at: number): number {
    return this.#batch.events.from[at]!;
  }

  to(at: number): number {
    return this.#batch.events.to[at]!;
  }

  decoded(at: number): Event | undefined {
    return attachedEvent(this.#batch, at);
  }
}
