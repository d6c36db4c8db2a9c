/** What is done once for a photo that nobody knows: look (decode → batch → infer → judge) → take down. */

import { create } from '@bufbuild/protobuf';
import { type ScoreRecord, ScoreRecordSchema } from '../../../gen/palate/scoring/v1/scoring_pb.ts';
import { nowMicros, timestampOf } from '../../events/timestamp.ts';
import type { Log } from '../../rpc/log.ts';
import { judgedByInit } from '../../storage/records/judged-by.ts';
import type { KeptScore, ModelWord, ScoreRecords } from '../../storage/records/score-records.ts';
import type { Span } from '../../telemetry/tracing/tracer.ts';
import type { Clock } from '../batcher/clock.ts';
import type { Decoder } from '../decoding/decoder.ts';
import type { ModelChain } from '../models/model-chain.ts';
import type { ScoreQuestion } from '../question.ts';
import type { Identity } from './identify.ts';
import type { Shared } from './join.ts';
import { Lanes } from './lane.ts';
import { type LookTimes, look, type Seen } from './look.ts';

export interface ScorerOptions {
  readonly clock: Clock;
  readonly decoder: Pick<Decoder, 'decode'>;
  readonly records: Pick<ScoreRecords, 'find' | 'put'>;
  readonly log: Log;
  /** How many photos of a model may wait to be decoded. Default: 256. */
  readonly maxQueuedPhotos?: number;
  /** Counts the photos that wait to be decoded. */
  readonly waiting?: { photos: number } | undefined;
}

/** A photo, and the models that score it. */
export interface NewPhoto {
  readonly tenant: string;
  readonly bytes: Uint8Array;
  readonly identity: Identity;
  readonly chain: ModelChain;
  readonly of: ScoreQuestion;
  /** Of the call that brought it, where that is recorded. */
  readonly span?: Span | undefined;
}

export interface NewScore {
  readonly kept: KeptScore;
  /** Empty where there is none. */
  readonly embedding: Float32Array;
  readonly times: LookTimes;
}

export interface Scorer {
  /** @throws PalateError OVERLOADED: a photo that nobody knows would be refused by the line before these models. */
  refuseLate(chain: ModelChain, deadlineMillis: number): void;
  /** @throws PalateError OVERLOADED, DEADLINE_EXCEEDED, WORKER_LOST; also the signal's reason. */
  score(photo: NewPhoto, shared: Shared): Promise<NewScore>;
}

export function createScorer(options: ScorerOptions): Scorer {
  const { clock, decoder, records, log, maxQueuedPhotos = 256, waiting } = options;
  const lanes = new Lanes<Seen>({ clock, maxQueued: maxQueuedPhotos, waiting });
  return {
    refuseLate: (chain, deadlineMillis) => lanes.of(chain).refuseLate(deadlineMillis),
    async score(photo, shared) {
      const { bytes, chain, span } = photo;
      const work = () => look(decoder, bytes, chain, shared, span);
      const { result, queueMicros } = await lanes.of(chain).pass(work, shared);
      const times = { ...result.times, queueMicros: result.times.queueMicros + queueMicros };
      const { embedding } = result;
      const word = wordOf(photo, result);
      return { kept: await takeDown(records, log, photo.tenant, word), embedding, times };
    },
  };
}

function wordOf({ identity, of }: NewPhoto, { judgement, judges, provider }: Seen): ModelWord {
  const isScored = 'score' in judgement;
  return {
    ...identity,
    score: isScored ? judgement.score : undefined,
    rejection: isScored ? undefined : judgement.rejection,
    labels: isScored ? judgement.labels : [],
    model: judges,
    uncertainty: isScored ? judgement.uncertainty : 0,
    isEstimate: false,
    provider,
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
    model: judgedByInit(model),
    uncertainty,
    userId,
    itemId,
    scoredAt: timestampOf(scoredAtMicros),
    ...(score === undefined ? {} : { score, modelScore: score }),
    ...(rejection === undefined ? {} : { rejection }),
  });
}
