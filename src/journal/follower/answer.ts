/** Reads a `SubscribeResponse` from its bytes, without decoding the events: they are ranges of it. */

import { fromBinary } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import {
  JournalRecordSchema,
  type MaskedUser,
  MaskedUserSchema,
  SubscribeResponseSchema,
} from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { PalateError } from '../../errors.ts';
import { cursorOver, fieldNumber, readLength, readVarint, skipValue, type WireCursor } from '../../events/wire.ts';
import { AnswerBlock } from './answer-block.ts';

/** What the journal's owner told: some records, or only how far it is. */
export interface FollowAnswer {
  /** Empty in a heartbeat. */
  readonly block: AnswerBlock;
  /** Everything durable up to here has been given out. */
  readonly throughSequence: number;
  /** The journal's last durable sequence when this was sent. */
  readonly lastSequence: number;
  /** Empty: the server is of a version without followers. */
  readonly journalId: string;
  /** Nothing that was erased in it is among the records. */
  readonly generation: number;
  /** Users who are being erased; empty: as told before. */
  readonly masked: readonly { readonly tenant: string; readonly userId: string }[];
}

const { field: answerField } = SubscribeResponseSchema;
const { field: recordField } = JournalRecordSchema;
const { field: timeField } = TimestampSchema;

const answerNumbers = {
  records: answerField.records.number,
  throughSequence: answerField.throughSequence.number,
  lastSequence: answerField.lastSequence.number,
  journalId: answerField.journalId.number,
  generation: answerField.generation.number,
  masked: answerField.masked.number,
} as const;

const recordNumbers = {
  sequence: recordField.sequence.number,
  appendedAt: recordField.appendedAt.number,
  event: recordField.event.number,
  tenant: recordField.tenant.number,
  trace: recordField.trace.number,
} as const;

const timeNumbers = { seconds: timeField.seconds.number, nanos: timeField.nanos.number } as const;

/** Throws MALFORMED_MESSAGE. */
export function decodeAnswer(bytes: Uint8Array): FollowAnswer {
  const block = new AnswerBlock(bytes, countRecords(bytes));
  const masked: MaskedUser[] = [];
  const answer = { block, throughSequence: 0, lastSequence: 0, journalId: '', generation: 0, masked };
  const cursor = cursorOver(bytes);
  let at = 0;
  while (cursor.position < cursor.end) {
    const tag = readVarint(cursor);
    switch (fieldNumber(tag)) {
      case answerNumbers.records:
        readRecord(cursor, block, at++);
        break;
      case answerNumbers.throughSequence:
        answer.throughSequence = readVarint(cursor);
        break;
      case answerNumbers.lastSequence:
        answer.lastSequence = readVarint(cursor);
        break;
      case answerNumbers.journalId:
        answer.journalId = readText(cursor);
        break;
      case answerNumbers.generation:
        answer.generation = readVarint(cursor);
        break;
      case answerNumbers.masked:
        masked.push(readMasked(cursor));
        break;
      default:
        skipValue(cursor, tag);
    }
  }
  return answer;
}

function readMasked(cursor: WireCursor): MaskedUser {
  const length = readLength(cursor);
  const from = cursor.position;
  cursor.position += length;
  try {
    return fromBinary(MaskedUserSchema, cursor.bytes.subarray(from, from + length));
  } catch (cause) {
    throw new PalateError('MALFORMED_MESSAGE', 'a masked user does not decode', { cause });
  }
}

function countRecords(bytes: Uint8Array): number {
  const cursor = cursorOver(bytes);
  let count = 0;
  while (cursor.position < cursor.end) {
    const tag = readVarint(cursor);
    if (fieldNumber(tag) === answerNumbers.records) count++;
    skipValue(cursor, tag);
  }
  return count;
}

function readRecord(cursor: WireCursor, block: AnswerBlock, at: number): void {
  const outerEnd = enter(cursor);
  while (cursor.position < cursor.end) {
    const tag = readVarint(cursor);
    switch (fieldNumber(tag)) {
      case recordNumbers.sequence:
        block.sequences[at] = readVarint(cursor);
        break;
      case recordNumbers.appendedAt:
        block.times[at] = readMicros(cursor);
        break;
      case recordNumbers.event:
        readRange(cursor, block, at);
        break;
      case recordNumbers.tenant:
        block.tenants[at] = readTenant(cursor);
        break;
      case recordNumbers.trace:
        block.setTrace(at, readBytes(cursor));
        break;
      default:
        skipValue(cursor, tag);
    }
  }
  cursor.end = outerEnd;
}

function readRange(cursor: WireCursor, block: AnswerBlock, at: number): void {
  const length = readLength(cursor);
  block.starts[at] = cursor.position;
  cursor.position += length;
  block.ends[at] = cursor.position;
}

function readMicros(cursor: WireCursor): number {
  let seconds = 0;
  let nanos = 0;
  const outerEnd = enter(cursor);
  while (cursor.position < cursor.end) {
    const tag = readVarint(cursor);
    if (fieldNumber(tag) === timeNumbers.seconds) seconds = readVarint(cursor);
    else if (fieldNumber(tag) === timeNumbers.nanos) nanos = readVarint(cursor);
    else skipValue(cursor, tag);
  }
  cursor.end = outerEnd;
  return seconds * 1e6 + Math.floor(nanos / 1e3);
}

/** Narrows the cursor to the field whose tag was just read, and answers where it ended before. */
function enter(cursor: WireCursor): number {
  const length = readLength(cursor);
  const { end } = cursor;
  cursor.end = cursor.position + length;
  return end;
}

/** ASCII. */
function readText(cursor: WireCursor): string {
  return String.fromCharCode(...readBytes(cursor));
}

function readBytes(cursor: WireCursor): Uint8Array {
  const length = readLength(cursor);
  const from = cursor.position;
  cursor.position += length;
  return cursor.bytes.subarray(from, from + length);
}

let lastTenant = '';

/** Neighbours mostly have the same one: then the string is shared, not made anew. */
function readTenant(cursor: WireCursor): string {
  const from = cursor.position;
  const length = readLength(cursor);
  const { bytes, position } = cursor;
  if (lastTenant.length === length) {
    let at = 0;
    while (at < length && lastTenant.charCodeAt(at) === bytes[position + at]) at++;
    cursor.position += length;
    if (at === length) return lastTenant;
  }
  cursor.position = from;
  lastTenant = readText(cursor);
  return lastTenant;
}
