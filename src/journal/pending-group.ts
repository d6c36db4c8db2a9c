import { PalateError } from '../errors.ts';
import { type EventRanges, eventAt } from '../events/event-ranges.ts';
import { type ByteTarget, byteTarget } from './byte-target.ts';
import { groupHeaderBytes } from './group.ts';
import type { AppendBatch, DurableBatch } from './journal.ts';
import { encodeRecord, encodeTenant, maxTenantBytes, maxTraceBytes, recordHeaderBytes } from './record.ts';

/** A group while it gathers: records already as they will lie in the file, behind room for the group's header. */

const firstBufferBytes = 1_048_576;
/** A larger buffer than this is given back after its group. */
const keptBufferBytes = 16_777_216;

export class PendingGroup {
  #target: ByteTarget = byteTarget(new Uint8Array(firstBufferBytes));
  #length = groupHeaderBytes;
  #batches: DurableBatch[] = [];
  #settled = Promise.withResolvers<void>();

  /** The records, behind 48 bytes for the header. */
  get target(): ByteTarget {
    return this.#target;
  }

  /** Bytes of header and records. */
  get length(): number {
    return this.#length;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  get batches(): readonly DurableBatch[] {
    return this.#batches;
  }

  /** Settles with the group. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  get firstSequence(): number {
    return this.#batches[0]?.firstSequence ?? 0;
  }

  get lastSequence(): number {
    return this.#batches.at(-1)?.lastSequence ?? 0;
  }

  get lastAppendedAtMicros(): number {
    return this.#batches.at(-1)?.appendedAtMicros ?? 0;
  }

  /** Encodes a batch whose sizes were checked: see {@link encodedBytes}. `bytes` is what that said. */
  add(
    batch: AppendBatch,
    events: EventRanges,
    bytes: number,
    firstSequence: number,
    appendedAtMicros: number,
  ): DurableBatch {
    this.#reserve(bytes);
    const { trace } = batch;
    const head = { appendedAtMicros, kind: 'event', tenant: encodeTenant(batch.tenant), trace } as const;
    const baseDelta = this.isEmpty ? 0 : firstSequence - this.firstSequence;
    let at = this.#length;
    for (let i = 0; i < events.length; i++) {
      at = encodeRecord(this.#target, at, baseDelta + i, head, eventAt(events, i));
    }
    this.#length = at;
    const lastSequence = firstSequence + events.length - 1;
    const taken = { ...batch, events, firstSequence, lastSequence, appendedAtMicros };
    this.#batches.push(taken);
    return taken;
  }

  resolve(): void {
    this.#settled.resolve();
  }

  reject(error: PalateError): void {
    // Nobody has to listen: an unheard rejection must not end the process.
    this.#settled.promise.catch(() => undefined);
    this.#settled.reject(error);
  }

  /** Makes the group ready to gather again. Views of its bytes are no longer valid. */
  reset(): void {
    if (this.#target.bytes.length > keptBufferBytes) this.#target = byteTarget(new Uint8Array(firstBufferBytes));
    this.#length = groupHeaderBytes;
    this.#batches = [];
    this.#settled = Promise.withResolvers<void>();
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#target.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#target.bytes.length * 2));
    grown.set(this.#target.bytes.subarray(0, this.#length));
    this.#target = byteTarget(grown);
  }
}

/**
 * The bytes that a batch's records take in a group.
 * @throws PalateError INVALID_TENANT, BATCH_TOO_LARGE where a name or a trace context does not fit its field.
 */
export function encodedBytes({ tenant, trace }: AppendBatch, { from, to, length }: EventRanges): number {
  if (tenant.length > maxTenantBytes || !isAscii(tenant)) {
    throw new PalateError('INVALID_TENANT', `a tenant in the journal is at most ${maxTenantBytes} characters of ASCII`);
  }
  if (trace.length > maxTraceBytes) {
    throw new PalateError('BATCH_TOO_LARGE', `a trace context in the journal is at most ${maxTraceBytes} bytes`);
  }
  let bytes = length * (recordHeaderBytes + tenant.length + trace.length);
  for (let i = 0; i < length; i++) bytes += to[i]! - from[i]!;
  return bytes;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
