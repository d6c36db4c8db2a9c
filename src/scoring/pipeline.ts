/**
 * An image's way, from a request to its score: admit → fetch → identify → remember or join → look (decode → batch →
 * infer → judge) → answer, and what goes beside it: the photo to the object store, one `MealScored` to the journal.
 */

import type { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { Client } from '../rpc/client/client.ts';
import type { Log } from '../rpc/log.ts';
import type { KeptScore, ScoreRecords } from '../storage/records/score-records.ts';
import type { SharedFlight } from '../storage/records/shared-flight.ts';
import { traced } from '../telemetry/tracing/tracer.ts';
import { checkTimeZone } from './judgement/local-time.ts';
import type { Tips } from './judgement/tips.ts';
import { chainKey, holdChain, isWordOf, type ModelChain } from './models/model-chain.ts';
import type { ModelRegistry } from './models/model-registry.ts';
import type { Outbox, Place } from './outbox.ts';
import type { ScoreCall, ScoreQuestion } from './question.ts';
import { askRecentMeals, type RecentMeals } from './recent-meals.ts';
import type { Admission } from './stages/admit.ts';
import type { Fetch } from './stages/fetch.ts';
import { type Identity, identify } from './stages/identify.ts';
import { type Shared, SharedWork } from './stages/join.ts';
import type { Keeper } from './stages/keep.ts';
import { type Rejected, rejectionOf } from './stages/rejection.ts';
import { createScorer, type NewScore, type Scorer, type ScorerOptions } from './stages/score-photo.ts';
import { isOfAnother, isOfEarlierProcess, tell } from './stages/tell.ts';
import { labelsOf } from './standing-labels.ts';

export interface PipelineOptions extends ScorerOptions {
  readonly models: Pick<ModelRegistry, 'chain'>;
  readonly tips: Pick<Tips, 'choose'>;
  readonly admission: Admission;
  readonly fetch: Fetch;
  readonly keeper: Keeper | undefined;
  readonly outbox: Outbox;
  /** What other scorers are at; undefined: no other has these records. */
  readonly flight?: Pick<SharedFlight, 'share'> | undefined;
  /** Knows what people had before; undefined: nobody does. */
  readonly recommendation: Pick<Client<typeof RecommendationService>, 'getProfile'> | undefined;
  /** The largest photo, in bytes. */
  readonly maxImageBytes: number;
  readonly log: Log;
}

/** How long the stages took, in microseconds, and in whose company the image was inferred. */
export interface StageTimes {
  readonly fetchMicros: number;
  readonly decodeMicros: number;
  readonly queueMicros: number;
  readonly inferenceMicros: number;
  readonly batchImages: number;
}

/** What becomes of a photo. */
export interface PhotoAnswer {
  /** Undefined: its bytes could not be had, so nothing is kept of it. */
  readonly kept: KeptScore | undefined;
  readonly rejection: Rejected['rejection'] | undefined;
  readonly tip: string;
  /** Scored for this caller; known; scored for another caller at the time; scored by another scorer at the time. */
  readonly origin: 'scored' | 'remembered' | 'joined' | 'another_scorer';
  readonly isDeduplicated: boolean;
  readonly times: StageTimes;
}

export type ScorePhoto = (question: ScoreQuestion, call: ScoreCall) => Promise<PhotoAnswer>;

const noEmbedding = new Float32Array(0);
const noTime: StageTimes = { fetchMicros: 0, decodeMicros: 0, queueMicros: 0, inferenceMicros: 0, batchImages: 0 };

/**
 * Makes the way of the parts.
 * The result throws PalateError INVALID_REQUEST, MODEL_UNKNOWN, OVERLOADED, DEADLINE_EXCEEDED, and what `Fetch` throws; a photo
 * that is too large or that cannot be read is an answer.
 */
export function createPipeline(options: PipelineOptions): ScorePhoto {
  const { models, admission, outbox, maxImageBytes, clock } = options;
  const parts: Way = { ...options, scorer: createScorer(options), shared: new SharedWork<SharedScore>(clock) };
  return async (question, call) => {
    const chain = models.chain(question.model, question.modelVersion);
    checkTimeZone(question.timeZone);
    const seat: Seat = { place: outbox.reserve() };
    // It may be replaced meanwhile: what was begun with it ends with it.
    const letGo = holdChain(chain);
    try {
      const bytes = question.image.case === 'imageBytes' ? question.image.value.length : maxImageBytes;
      const lease = admission.admit({ tenant: call.tenant, bytes, deadlineMillis: call.deadlineMillis });
      call.span?.child('admit')?.end();
      try {
        return await way(parts, { question, call, chain, seat, resize: lease.resize });
      } finally {
        lease.release();
      }
    } catch (error) {
      const rejection = rejectionOf(error);
      if (rejection === undefined) throw error;
      return { kept: undefined, rejection, tip: '', origin: 'scored', isDeduplicated: false, times: noTime };
    } finally {
      letGo();
      seat.place?.release();
      seat.place = undefined;
    }
  };
}

interface Way extends PipelineOptions {
  readonly scorer: Scorer;
  readonly shared: SharedWork<SharedScore>;
}

/** A score that all get who asked for it meanwhile. */
type SharedScore = NewScore & { readonly isOfAnother?: boolean };

/** A caller's place in the outbox, until it goes over to the work that is done for more than this caller. */
interface Seat {
  place: Place | undefined;
}

interface Traveller {
  readonly question: ScoreQuestion;
  readonly call: ScoreCall;
  readonly chain: ModelChain;
  readonly seat: Seat;
  resize(bytes: number): void;
}

async function way(parts: Way, traveller: Traveller): Promise<PhotoAnswer> {
  const { question, call, chain, seat } = traveller;
  const began = performance.now();
  if (question.image.case === undefined) throw new TypeError('a request has an image: its rules say so');
  const { image } = question;
  const bytes = await traced(call.span, 'fetch', () => parts.fetch(image, call));
  traveller.resize(bytes.length);
  const fetchMicros = question.image.case === 'imageBytes' ? 0 : microsSince(began);
  const identity = await traced(call.span, 'identify', () => identify(bytes));
  const known = await remembered(parts, question, call.tenant, chain, identity);
  const found =
    known === undefined
      ? scoreOnce(parts, traveller, bytes, identity)
      : ({ kept: known, origin: 'remembered', times: noTime } as const);
  // A photo that finds an idle decoder is being decoded by now, on another thread; one that is refused asks for no meals.
  const meals = askRecentMeals(parts.recommendation, question, call);
  const { kept, origin, times } = await found;
  call.span?.set({ 'palate.photo.origin': origin });
  const isDeduplicated = origin !== 'scored';
  const isToBeTold = isOfAnother(kept, question) || (known !== undefined && isOfEarlierProcess(known));
  if (isDeduplicated && isToBeTold) tell(parts, call, kept, question, noEmbedding, seat.place);
  const tip = await tipFor(parts, question, kept, meals);
  const { rejection } = kept.record;
  return { kept, rejection, tip, origin, isDeduplicated, times: { ...times, fetchMicros } };
}

type Found = Pick<PhotoAnswer, 'origin' | 'times'> & { readonly kept: KeptScore };

/**
 * Scores a photo that nobody knows, once for all who ask for it meanwhile, of whichever scorer.
 * @throws PalateError OVERLOADED at once where it would be too late for a photo that nobody is at
 */
function scoreOnce(parts: Way, traveller: Traveller, bytes: Uint8Array, identity: Identity): Promise<Found> {
  const { question, call, chain } = traveller;
  const key = [call.tenant, identity.sha256, chainKey(chain), question.itemId].join(' ');
  if (parts.flight === undefined && !parts.shared.has(key)) parts.scorer.refuseLate(chain, call.deadlineMillis);
  return join(parts, traveller, key, bytes, identity);
}

async function join(
  parts: Way,
  traveller: Traveller,
  key: string,
  bytes: Uint8Array,
  identity: Identity,
): Promise<Found> {
  const { call } = traveller;
  const { flight } = parts;
  const { result, isShared } = await parts.shared.join(key, call, (all) => {
    const work = () => scoreHere(parts, traveller, bytes, identity, all);
    if (flight === undefined) return work();
    const found = () => foundByAnother(parts, traveller, identity);
    return flight.share(key, { found, work, signal: all.signal, deadlineMillis: all.deadlineMillis });
  });
  if (isShared) return { kept: result.kept, origin: 'joined', times: noTime };
  if (result.isOfAnother === true) return { kept: result.kept, origin: 'another_scorer', times: noTime };
  return { kept: result.kept, origin: 'scored', times: { ...result.times, fetchMicros: 0 } };
}

async function scoreHere(
  parts: Way,
  { question, call, chain, seat }: Traveller,
  bytes: Uint8Array,
  identity: Identity,
  all: Shared,
): Promise<NewScore> {
  const { tenant, span } = call;
  // Whoever began the work may give up while others wait for it: its event needs the place all the same.
  const place = seat.place ?? parts.outbox.reserve();
  seat.place = undefined;
  const letGo = holdChain(chain);
  try {
    const scored = await parts.scorer.score({ tenant, bytes, identity, chain, of: question, span }, all);
    tell(parts, call, scored.kept, question, scored.embedding, place);
    // Of a refused photo the journal tells nobody whose it is, to take it out of the store with them. What is in the store
    // already is not put there again.
    const isWorthKeeping = scored.kept.record.modelScore !== undefined && question.image.case !== 'objectKey';
    if (isWorthKeeping) parts.keeper?.keep({ tenant, sha256: identity.sha256 }, bytes);
    return scored;
  } finally {
    letGo();
    place.release();
  }
}

/** What another scorer has taken down by now: it tells the journal, and keeps the photo. */
async function foundByAnother(parts: Way, { question, call, chain }: Traveller, identity: Identity) {
  const kept = await remembered(parts, question, call.tenant, chain, identity);
  return kept && { kept, embedding: noEmbedding, times: noTime, isOfAnother: true };
}

/** What these models said of the photo before. The item that a scored photo shows needs the embedding, which is not kept. */
async function remembered(
  { records, log }: { readonly records: Pick<ScoreRecords, 'find'>; readonly log: Log },
  { itemId }: ScoreQuestion,
  tenant: string,
  chain: ModelChain,
  { sha256 }: Identity,
): Promise<KeptScore | undefined> {
  try {
    const kept = await records.find(tenant, sha256);
    if (kept?.record.model === undefined) return undefined;
    const isRefused = kept.record.modelScore === undefined;
    if (!isWordOf(chain, kept.record.model, !isRefused)) return undefined;
    return isRefused || itemId === '' || itemId === kept.record.itemId ? kept : undefined;
  } catch (error) {
    log.warn({ err: error, sha256 }, 'score records could not be read: the photo is scored as a new one');
    return undefined;
  }
}

/** What stands decides: where an expert gave their word, a tip goes by theirs. */
async function tipFor({ tips }: Pick<Way, 'tips'>, question: ScoreQuestion, { record }: KeptScore, meals: RecentMeals) {
  const { score, review, imageId } = record;
  if (score === undefined) return '';
  const uncertainty = review?.score === undefined ? record.uncertainty : 0;
  const { timeZone } = question;
  const input = { labels: labelsOf(record), score, uncertainty, imageId, timeZone, atMillis: Date.now() };
  return tips.choose({ ...input, meals: await meals() });
}

function microsSince(began: number): number {
  return Math.round((performance.now() - began) * 1e3);
}
