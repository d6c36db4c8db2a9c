/**
 * A photo's record as bytes: a CRC-32 of the rest, the length of the protobuf message, the message
 * (`palate.scoring.v1.ScoreRecord`, with `model_score` for the model and no `score`), and as JSON what it has no field for.
 */

import { crc32 } from 'node:zlib';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import {
  type Review,
  ReviewSchema,
  type ScoreRecord,
  ScoreRecordSchema,
} from '../../../gen/palate/scoring/v1/scoring_pb.ts';
import { microsOf, timestampOf } from '../../events/timestamp.ts';
import { judgedBy, judgedByInit } from './judged-by.ts';
import type { Photo } from './merge.ts';
import type { ExpertWord, KeptScore } from './score-records.ts';

export const checksumBytes = 4;
const headBytes = checksumBytes + 4;

interface Beside {
  readonly visitorId?: string;
  readonly sessionId?: string;
  readonly provider?: string;
  readonly namedAtMicros?: number;
  readonly otherIds?: readonly string[];
}

/** The record as it stands, as answers have it. */
export function keptScoreOf(photo: Photo): KeptScore {
  const { imageIds, word, named, review } = photo;
  const record = create(ScoreRecordSchema, recordInit(photo));
  const score = review?.score ?? word.score;
  if (score !== undefined) record.score = score;
  if (review?.score !== undefined) delete record.rejection;
  return { record, imageIds, visitorId: named.visitorId, sessionId: named.sessionId, provider: word.provider };
}

export function encodePhoto(photo: Photo): Buffer {
  const { imageIds, word, named } = photo;
  const message = toBinary(ScoreRecordSchema, create(ScoreRecordSchema, recordInit(photo)));
  const beside: Beside = {
    ...(named.visitorId === '' ? {} : { visitorId: named.visitorId }),
    ...(named.sessionId === '' ? {} : { sessionId: named.sessionId }),
    ...(word.provider === '' ? {} : { provider: word.provider }),
    ...(named.namedAtMicros === 0 ? {} : { namedAtMicros: named.namedAtMicros }),
    ...(imageIds.length === 1 ? {} : { otherIds: imageIds.slice(1) }),
  };
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return withChecksum(Buffer.concat([length, message, Buffer.from(JSON.stringify(beside))]));
}

/** Undefined: the bytes went bad. */
export function decodePhoto(bytes: Buffer): Photo | undefined {
  if (!isSound(bytes)) return undefined;
  const end = headBytes + bytes.readUInt32BE(checksumBytes);
  const record = fromBinary(ScoreRecordSchema, bytes.subarray(headBytes, end));
  return photoOf(record, JSON.parse(bytes.toString('utf8', end)) as Beside);
}

export function encodeReview(review: ExpertWord): Buffer {
  return withChecksum(toBinary(ReviewSchema, create(ReviewSchema, reviewInit(review))));
}

/** Undefined: the bytes went bad. */
export function decodeReview(bytes: Buffer): ExpertWord | undefined {
  return isSound(bytes) ? expertWordOf(fromBinary(ReviewSchema, bytes.subarray(checksumBytes))) : undefined;
}

/** A value with its CRC-32 before it. */
export function withChecksum(value: Uint8Array): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(checksumBytes), value]);
  bytes.writeUInt32BE(crc32(value));
  return bytes;
}

/** Whether a value with a checksum is as it was written. */
export function isSound(bytes: Buffer): boolean {
  return bytes.length >= checksumBytes && bytes.readUInt32BE(0) === crc32(bytes.subarray(checksumBytes));
}

function recordInit({ sha256, imageIds, word, named, review }: Photo): MessageInitShape<typeof ScoreRecordSchema> {
  return {
    imageId: imageIds[0]!,
    sha256,
    ...(word.score === undefined ? {} : { modelScore: word.score }),
    labels: word.labels.map(({ name, confidence }) => ({ name, confidence })),
    model: judgedByInit(word.model),
    uncertainty: word.uncertainty,
    ...(word.rejection === undefined ? {} : { rejection: word.rejection }),
    ...(review === undefined ? {} : { review: reviewInit(review) }),
    userId: named.userId,
    itemId: named.itemId,
    scoredAt: timestampOf(word.scoredAtMicros),
  };
}

function reviewInit({ score, labels, reviewerId, comment, reviewedAtMicros }: ExpertWord) {
  const reviewedAt = timestampOf(reviewedAtMicros);
  return { ...(score === undefined ? {} : { score }), labels: [...labels], reviewerId, comment, reviewedAt };
}

function photoOf(record: ScoreRecord, beside: Beside): Photo {
  const { modelScore, rejection, labels, model, uncertainty, scoredAt, userId, itemId, review } = record;
  const { visitorId = '', sessionId = '', provider = '', namedAtMicros = 0, otherIds = [] } = beside;
  return {
    sha256: record.sha256,
    imageIds: [record.imageId, ...otherIds],
    word: {
      score: modelScore,
      rejection: rejection && { reason: rejection.reason, message: rejection.message },
      labels: labels.map(({ name, confidence }) => ({ name, confidence })),
      model: judgedBy(model),
      uncertainty,
      provider,
      scoredAtMicros: microsAt(scoredAt),
    },
    named: { userId, visitorId, sessionId, itemId, namedAtMicros },
    review: review && expertWordOf(review),
  };
}

function expertWordOf({ score, labels, reviewerId, comment, reviewedAt }: Review): ExpertWord {
  return { score, labels, reviewerId, comment, reviewedAtMicros: microsAt(reviewedAt) };
}

function microsAt(timestamp: Timestamp | undefined): number {
  return timestamp === undefined ? 0 : microsOf(timestamp);
}
