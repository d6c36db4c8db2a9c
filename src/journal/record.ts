import { type ByteTarget, readInt64, writeInt64 } from './byte-target.ts';
import { checksum } from './checksum.ts';

/**
 * One record of the journal: what it is in memory, and how it lies in a group. `docs/journal-format.md` has the layout
 * to the byte.
 */

/** What a record holds: an event, or the place of one that was erased. */
export type RecordKind = 'event' | 'tombstone';

/** One event in the journal, with what was known when it was appended. */
export interface JournalRecord {
  /** A place in the journal. int64 on the wire, a safe integer here. Starts at 1, rises, may have gaps. */
  readonly sequence: number;
  /** Microseconds since 1970. Never decreases along the journal. */
  readonly appendedAtMicros: number;
  /** Whose event it is; '' is the default tenant. At most 255 bytes of ASCII. */
  readonly tenant: string;
  /** The trace context that came with the batch: opaque, often empty, at most 65,535 bytes. */
  readonly trace: Uint8Array;
  readonly kind: RecordKind;
  /** The event as it came; empty in a tombstone. A view: keeping it keeps the buffer of up to 1 MiB that it lies in. */
  readonly event: Uint8Array;
}

/** Bytes before tenant, trace and event: length, checksum, sequence, time, kind and two lengths. */
export const recordHeaderBytes = 24;
/** The longest tenant, in bytes. */
export const maxTenantBytes = 255;
/** The longest trace context, in bytes. */
export const maxTraceBytes = 65_535;

const kindCodes = { event: 1, tombstone: 2 } as const satisfies Record<RecordKind, number>;
const noBytes = new Uint8Array(0);

/** What all records of one batch share. */
export interface RecordHead {
  readonly appendedAtMicros: number;
  readonly kind: RecordKind;
  readonly tenant: Uint8Array;
  readonly trace: Uint8Array;
}

/** Writes one record at `at` and returns where the next one starts. The target must have the room. */
export function encodeRecord(
  target: ByteTarget,
  at: number,
  delta: number,
  head: RecordHead,
  event: Uint8Array,
): number {
  const { bytes, view } = target;
  const { tenant, trace } = head;
  const eventAt = at + recordHeaderBytes + tenant.length + trace.length;
  const end = eventAt + event.length;
  view.setUint32(at, end - at, true);
  view.setUint32(at + 8, delta, true);
  writeInt64(view, at + 12, head.appendedAtMicros);
  view.setUint16(at + 20, trace.length, true);
  bytes[at + 22] = tenant.length;
  bytes[at + 23] = kindCodes[head.kind];
  if (tenant.length > 0) bytes.set(tenant, at + recordHeaderBytes);
  if (trace.length > 0) bytes.set(trace, at + recordHeaderBytes + tenant.length);
  bytes.set(event, eventAt);
  view.setUint32(at + 4, checksum(target, at + 8, end), true);
  return end;
}

/** The length that the record at `at` claims, itself included. At least four bytes must be there. */
export function recordLength(source: ByteTarget, at: number): number {
  return source.view.getUint32(at, true);
}

/**
 * Is the record at `at`, whose whole `length` is there, what was written? Not so with a wrong checksum, lengths that do not
 * fit, an unknown kind.
 */
export function isRecord(source: ByteTarget, at: number, length: number): boolean {
  if (eventStart(source, at) > at + length) return false;
  if (checksum(source, at + 8, at + length) !== source.view.getUint32(at + 4, true)) return false;
  const kind = source.bytes[at + 23];
  return kind === kindCodes.event || kind === kindCodes.tombstone;
}

/** How far the sequence of the record at `at` lies above the first one of its group. */
export function readDelta({ view }: ByteTarget, at: number): number {
  return view.getUint32(at + 8, true);
}

export function readAppendedAt({ view }: ByteTarget, at: number): number {
  return readInt64(view, at + 12);
}

export function isTombstone({ bytes }: ByteTarget, at: number): boolean {
  return bytes[at + 23] === kindCodes.tombstone;
}

export function readTenant({ bytes }: ByteTarget, at: number): string {
  return decodeTenant(bytes, at + recordHeaderBytes, at + recordHeaderBytes + bytes[at + 22]!);
}

/** Where the event of the record at `at` begins. */
export function eventStart({ bytes, view }: ByteTarget, at: number): number {
  return at + recordHeaderBytes + bytes[at + 22]! + view.getUint16(at + 20, true);
}

/** The record from `at` to before `end`, which {@link isRecord} found right. */
export function readRecord(source: ByteTarget, at: number, end: number, sequence: number): JournalRecord {
  const { bytes } = source;
  const traceAt = at + recordHeaderBytes + bytes[at + 22]!;
  const eventAt = eventStart(source, at);
  return {
    sequence,
    appendedAtMicros: readAppendedAt(source, at),
    tenant: readTenant(source, at),
    trace: traceAt === eventAt ? noBytes : bytes.subarray(traceAt, eventAt),
    kind: isTombstone(source, at) ? 'tombstone' : 'event',
    event: bytes.subarray(eventAt, end),
  };
}

let lastEncoded = '';
let lastEncodedBytes = new Uint8Array(0);

/** A tenant's ASCII. The array is shared among neighbours: it must not be changed. */
export function encodeTenant(tenant: string): Uint8Array {
  if (tenant !== lastEncoded) {
    lastEncodedBytes = Uint8Array.from(tenant, (character) => character.charCodeAt(0));
    lastEncoded = tenant;
  }
  return lastEncodedBytes;
}

let lastTenant = '';

/** Neighbours mostly have the same tenant: then the string is shared, not made anew. */
function decodeTenant(bytes: Uint8Array, from: number, to: number): string {
  const length = to - from;
  if (length === 0) return '';
  if (lastTenant.length === length) {
    let at = 0;
    while (at < length && lastTenant.charCodeAt(at) === bytes[from + at]) at++;
    if (at === length) return lastTenant;
  }
  lastTenant = String.fromCharCode(...bytes.subarray(from, to));
  return lastTenant;
}
