/**
 * A `SubscribeResponse` in wire form. Written by hand, so that an event goes out by the bytes it came in, neither decoded nor
 * encoded again, and a message costs one buffer: sizes first, then bytes.
 * https://protobuf.dev/programming-guides/encoding/
 */

import { create, toBinary } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { JournalRecordSchema, SubscribeResponseSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { timestampOf } from '../events/timestamp.ts';
import { wireTypes } from '../events/wire.ts';
import type { JournalRecord } from '../journal/record.ts';
import { isSampled } from '../telemetry/tracing/trace-context.ts';
import type { MaskedUser } from './masked-users.ts';

/** What an answer tells beside its records. */
export interface AnswerHead {
  readonly throughSequence: number;
  readonly lastSequence: number;
  readonly journalId: string;
  readonly generation: number;
  /** Seldom anybody. */
  readonly masked: readonly MaskedUser[];
}

const { field: answerField } = SubscribeResponseSchema;
const { field: recordField } = JournalRecordSchema;
const { field: timeField } = TimestampSchema;

/** Tags of one byte: every field number here is below 16. */
const tags = {
  records: (answerField.records.number << 3) | wireTypes.LEN,
  throughSequence: (answerField.throughSequence.number << 3) | wireTypes.VARINT,
  lastSequence: (answerField.lastSequence.number << 3) | wireTypes.VARINT,
  journalId: (answerField.journalId.number << 3) | wireTypes.LEN,
  generation: (answerField.generation.number << 3) | wireTypes.VARINT,
  sequence: (recordField.sequence.number << 3) | wireTypes.VARINT,
  appendedAt: (recordField.appendedAt.number << 3) | wireTypes.LEN,
  event: (recordField.event.number << 3) | wireTypes.LEN,
  tenant: (recordField.tenant.number << 3) | wireTypes.LEN,
  trace: (recordField.trace.number << 3) | wireTypes.LEN,
  seconds: (timeField.seconds.number << 3) | wireTypes.VARINT,
  nanos: (timeField.nanos.number << 3) | wireTypes.VARINT,
} as const;

const noBytes = new Uint8Array(0);

/** Where the next byte goes. */
interface Target {
  readonly bytes: Buffer;
  at: number;
}

/** The answer with these records. Tenants, and the traces that are sampled, are written only where the caller reads those of all. */
export function encodeAnswer(records: readonly JournalRecord[], withTenants: boolean, head: AnswerHead): Uint8Array {
  const sizes = new Array<number>(records.length);
  const masked = head.masked.length === 0 ? noBytes : encodeMasked(head.masked);
  let size = headSize(head) + masked.length;
  for (let at = 0; at < records.length; at++) {
    const bytes = recordSize(records[at]!, withTenants);
    sizes[at] = bytes;
    size += 1 + varintSize(bytes) + bytes;
  }
  const target: Target = { bytes: Buffer.allocUnsafe(size), at: 0 };
  for (let at = 0; at < records.length; at++) {
    target.bytes[target.at++] = tags.records;
    writeVarint(target, sizes[at]!);
    writeRecord(target, records[at]!, withTenants);
  }
  writeHead(target, head);
  target.bytes.set(masked, target.at);
  return target.bytes;
}

function encodeMasked(masked: readonly MaskedUser[]): Uint8Array {
  return toBinary(SubscribeResponseSchema, create(SubscribeResponseSchema, { masked: [...masked] }));
}

function recordSize(
  { sequence, appendedAtMicros, kind, event, tenant, trace }: JournalRecord,
  withTenant: boolean,
): number {
  const { seconds, nanos } = timesOf(appendedAtMicros);
  let size = 1 + varintSize(sequence) + 2 + timeSize(seconds, nanos);
  if (kind === 'event') size += 1 + varintSize(event.length) + event.length;
  if (withTenant && tenant !== '') size += 1 + varintSize(tenant.length) + tenant.length;
  if (withTenant && isSampled(trace)) size += 1 + varintSize(trace.length) + trace.length;
  return size;
}

function writeRecord(target: Target, record: JournalRecord, withTenant: boolean): void {
  const { sequence, appendedAtMicros, kind, event, tenant, trace } = record;
  const { seconds, nanos } = timesOf(appendedAtMicros);
  const { bytes } = target;
  bytes[target.at++] = tags.sequence;
  writeVarint(target, sequence);
  bytes[target.at++] = tags.appendedAt;
  bytes[target.at++] = timeSize(seconds, nanos);
  bytes[target.at++] = tags.seconds;
  writeVarint(target, seconds);
  bytes[target.at++] = tags.nanos;
  writeVarint(target, nanos);
  if (kind === 'event') writeBytes(target, tags.event, event);
  if (withTenant && tenant !== '') writeText(target, tags.tenant, tenant);
  if (withTenant && isSampled(trace)) writeBytes(target, tags.trace, trace);
}

function writeBytes(target: Target, tag: number, bytes: Uint8Array): void {
  target.bytes[target.at++] = tag;
  writeVarint(target, bytes.length);
  target.bytes.set(bytes, target.at);
  target.at += bytes.length;
}

function headSize({ throughSequence, lastSequence, journalId, generation }: AnswerHead): number {
  const numbers = varintSize(throughSequence) + varintSize(lastSequence) + varintSize(generation);
  return 3 + numbers + 2 + journalId.length;
}

function writeHead(target: Target, head: AnswerHead): void {
  target.bytes[target.at++] = tags.throughSequence;
  writeVarint(target, head.throughSequence);
  target.bytes[target.at++] = tags.lastSequence;
  writeVarint(target, head.lastSequence);
  writeText(target, tags.journalId, head.journalId);
  target.bytes[target.at++] = tags.generation;
  writeVarint(target, head.generation);
}

/** ASCII: tenants and ids of journals are. */
function writeText(target: Target, tag: number, text: string): void {
  target.bytes[target.at++] = tag;
  writeVarint(target, text.length);
  target.at += target.bytes.write(text, target.at, 'latin1');
}

let lastMicros = 0;
let lastTimes = { seconds: 0, nanos: 0 };

/** Neighbours mostly came in one batch: their time is worked out once. */
function timesOf(micros: number): typeof lastTimes {
  if (micros === lastMicros) return lastTimes;
  const { seconds, nanos } = timestampOf(micros);
  lastMicros = micros;
  lastTimes = { seconds: Number(seconds), nanos };
  return lastTimes;
}

/** Below 128, so that its own length is one byte. */
function timeSize(seconds: number, nanos: number): number {
  return 2 + varintSize(seconds) + varintSize(nanos);
}

/** Of a safe integer that is not negative. */
function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

function writeVarint(target: Target, value: number): void {
  let rest = value;
  for (; rest >= 2_147_483_648; rest = Math.floor(rest / 128)) target.bytes[target.at++] = (rest % 128) | 128;
  for (; rest >= 128; rest >>>= 7) target.bytes[target.at++] = (rest & 127) | 128;
  target.bytes[target.at++] = rest;
}
