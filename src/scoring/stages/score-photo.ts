/** What is done once for a photo that nobody knows: decode → batch → infer → judge → take down. */

import { create } from '@bufbuild/protobuf';
import { type ScoreRecord, ScoreRecordSchema } from '../../../gen/palate/scoring/v1/scoring_pb.ts';
import { isPalateError } from '../../errors.ts';
import { nowMicros, timestampOf } from '../../events/timestamp.ts';
import type { Log } from '../../rpc/log.ts';
import type { KeptScore, ModelWord, ScoreRecords } from '../../storage/records/score-records.ts';
import type { Clock } from '../batcher/clock.ts';
import type { Decoder } from '../decoding/decoder.ts';
import { judge, type RefusedPhoto, type ScoredPhoto } from '../judgement/judge.ts';
import type { LoadedModel } from '../models/loaded-model.ts';
import type { ScoreQuestion } from '../question.ts';
import type { Identity } from './identify.ts';
import type { Shared } from './join.ts';
import { Lanes } from './lane.ts';

export interface ScorerOptions {
  readonly clock: Clock;
  readonly decoder: Pick<Decoder, 'decode'>;
  readonly records: Pick<ScoreRecords, 'find' | 'put'>;
  readonly log: Log;
  /** How many photos of a model may wait to be decoded. Default: 256. */
  readonly maxQueuedPhotos?: number;
}

/** A photo, and what to score it with. */
export interface NewPhoto {
  readonly tenant: string;
  readonly bytes: Uint8Array;
  readonly identity: Identity;
  readonly model: LoadedModel;
  readonly of: ScoreQuestion;
}

export interface NewScore {
  readonly kept: KeptScore;
  /** Empty where there is none. */
  readonly embedding: Float32Array;
  readonly times: {
    readonly decodeMicros: number;
    readonly queueMicros: number;
    readonly inferenceMicros: number;
    readonly batchImages: number;
  };
}

export type Scorer = (photo: NewPhoto, shared: Shared) => Promise<NewScore>;

interface Seen {
  readonly judgement: ScoredPhoto | RefusedPhoto | Rejected;
  readonly embedding: Float32Array;
  readonly times: NewScore['times'];
}

/** A photo that gets no score. */
export interface Rejected {
  readonly rejection: { readonly reason: string; readonly message: string };
}

const noEmbedding = new Float32Array(0);

/** The result throws PalateError OVERLOADED, DEADLINE_EXCEEDED, WORKER_LOST; also the signal's reason. */
export function createScorer({ clock, decoder, records, log, maxQueuedPhotos = 256 }: ScorerOptions): Scorer {
  const lanes = new Lanes<Seen>({ clock, maxQueued: maxQueuedPhotos });
  return async (photo, shared) => {
    const { result, queueMicros } = await lanes.of(photo.model).pass(() => look(decoder, photo, shared), shared);
    const { judgement, embedding } = result;
    const times = { ...result.times, queueMicros: result.times.queueMicros + queueMicros };
    const word = wordOf(photo, judgement);
    return { kept: await takeDown(records, log, photo.tenant, word), embedding, times };
  };
}

async function look(decoder: Pick<Decoder, 'decode'>, { bytes, model }: NewPhoto, shared: Shared): Promise<Seen> {
  const { signal, deadlineMillis } = shared;
  let decodeMicros = 0;
  let queueMicros = 0;
  try {
    const image = await decoder.decode(bytes, model.manifest.input, { signal, deadlineMillis });
    ({ decodeMicros, queueMicros } = image);
    // Whoever joined meanwhile may have brought more time.
    const inferred = await model.infer(image.pixels, { signal, deadlineMillis: shared.deadlineMillis });
    const { labels, food, embedding } = inferred.output;
    const judgement = judge({ probabilities: labels, food }, model);
    queueMicros += inferred.queueMicros;
    const { runMicros: inferenceMicros, batchImages } = inferred;
    return { judgement, embedding, times: { decodeMicros, queueMicros, inferenceMicros, batchImages } };
  } catch (error) {
    const rejection = rejectionOf(error);
    if (rejection === undefined) throw error;
    const times = { decodeMicros, queueMicros, inferenceMicros: 0, batchImages: 0 };
    return { judgement: { rejection }, embedding: noEmbedding, times };
  }
}

/** Faults of the photo are answers to the question of its score; undefined: the error is another. */
export function rejectionOf(error: unknown): Rejected['rejection'] | undefined {
  if (!isPalateError(error) || (error.reason !== 'UNREADABLE' && error.reason !== 'TOO_LARGE')) return undefined;
  return { reason: error.reason, message: error.message };
}

function wordOf({ identity, model, of }: NewPhoto, judgement: Seen['judgement']): ModelWord {
  const isScored = 'score' in judgement;
  return {
    ...identity,
    score: isScored ? judgement.score : undefined,
    rejection: isScored ? undefined : judgement.rejection,
    labels: isScored ? judgement.labels : [],
    model: { name: model.name, version: model.version },
    uncertainty: isScored ? judgement.uncertainty : 0,
    isEstimate: false,
    provider: model.provider,
    userId: of.userId,
    visitorId: of.visitorId,
    sessionId: of.sessionId,
    itemId: of.itemId,
    scoredAtMicros: nowMicros(),
  };
}

/** A store that fails costs the memory of the photo, not its answer. */
async function takeDown(
  records: Pick<ScoreRecords, 'put'>,
  log: Log,
  tenant: string,
  word: ModelWord,
): Promise<KeptScore> {
  try {
    return await records.put(tenant, word);
  } catch (error) {
    log.warn({ err: error, imageId: word.imageId }, 'a score was not taken down: the photo is not known next time');
    const { visitorId, sessionId, provider, imageId } = word;
    return { record: recordOf(word), imageIds: [imageId], visitorId, sessionId, provider };
  }
}

function recordOf(word: ModelWord): ScoreRecord {
  const { imageId, sha256, score, rejection, labels, model, uncertainty, userId, itemId, scoredAtMicros } = word;
  return create(ScoreRecordSchema, {
    imageId,
    sha256,
    labels: [...labels],
    model,
    uncertainty,
    userId,
    itemId,
    scoredAt: timestampOf(scoredAtMicros),
    ...(score === undefined ? {} : { score, modelScore: score }),
    ...(rejection === undefined ? {} : { rejection }),
  });
}
