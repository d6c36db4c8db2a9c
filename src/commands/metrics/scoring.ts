/** What the scorer tells: photos and where their time went, what waits, and its stores. */

import type { Outbox } from '../../scoring/outbox.ts';
import type { PhotoAnswer, ScorePhoto } from '../../scoring/pipeline.ts';
import type { ScoringStatus } from '../../scoring/scoring-status.ts';
import type { Admission } from '../../scoring/stages/admit.ts';
import { Histogram, secondsBounds } from '../../telemetry/metrics/histogram.ts';
import { counter, gauge, histogram, type Labelled, type Metric } from '../../telemetry/metrics/metric.ts';

const stages = ['fetch', 'decode', 'queue', 'inference'] as const;
type Stage = (typeof stages)[number];

/** Counts photos by what became of them, and the time of each stage. */
export class PhotoTimes {
  readonly #stages = new Map(stages.map((stage) => [stage, new Histogram(secondsBounds)]));
  readonly #outcomes = new Map<string, number>();

  /** The same way of a photo, counted. */
  counted(score: ScorePhoto): ScorePhoto {
    return async (question, call) => {
      try {
        const answer = await score(question, call);
        this.#answered(answer);
        return answer;
      } catch (error) {
        this.#count('failed');
        throw error;
      }
    };
  }

  #answered({ origin, rejection, times }: PhotoAnswer): void {
    this.#count(origin === 'scored' && rejection !== undefined ? 'rejected' : origin);
    if (times.fetchMicros > 0) this.#took('fetch', times.fetchMicros);
    if (origin !== 'scored' || times.decodeMicros === 0) return;
    this.#took('decode', times.decodeMicros);
    this.#took('queue', times.queueMicros);
    if (times.batchImages > 0) this.#took('inference', times.inferenceMicros);
  }

  #took(stage: Stage, micros: number): void {
    this.#stages.get(stage)!.observe(micros / 1e6);
  }

  #count(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }

  stages(): Labelled[] {
    return [...this.#stages].map(([stage, value]) => ({ labels: [stage], value }));
  }

  outcomes(): Labelled[] {
    return [...this.#outcomes].map(([outcome, value]) => ({ labels: [outcome], value }));
  }
}

export interface ScoringReadings {
  readonly photos: PhotoTimes;
  readonly underWay: Admission['underWay'];
  readonly queuedForLane: number;
  readonly queuedForDecoding: number;
  readonly outbox: Pick<Outbox, 'places' | 'counts'>;
  readonly limits: { readonly photos: number; readonly photoBytes: number; readonly outboxEvents: number };
  readonly status: Awaited<ReturnType<ScoringStatus>>;
}

export const scoringMetrics: readonly Metric<ScoringReadings>[] = [
  counter(
    'palate_scoring_photos_total',
    'photos',
    'Photos by what became of them: scored, rejected, remembered (known), joined (asked for at the same time), another_scorer, failed.',
    ({ photos }) => photos.outcomes(),
    ['outcome'],
  ),
  histogram(
    'palate_scoring_stage_duration_seconds',
    'seconds',
    'Where the time of photos that were scored went: fetch, decode, queue (the waits between), inference.',
    ({ photos }) => photos.stages(),
    ['stage'],
  ),
  gauge('palate_scoring_photos', 'photos', 'Photos under way.', ({ underWay }) => underWay.images),
  gauge(
    'palate_scoring_photos_limit',
    'photos',
    'As many may be; then a photo is OVERLOADED.',
    ({ limits }) => limits.photos,
  ),
  gauge('palate_scoring_photo_bytes', 'bytes', 'Bytes of the photos under way.', ({ underWay }) => underWay.bytes),
  gauge('palate_scoring_photo_limit_bytes', 'bytes', 'As many may be.', ({ limits }) => limits.photoBytes),
  gauge(
    'palate_lane_queued_photos',
    'photos',
    'Photos that wait for their turn to be decoded and inferred.',
    ({ queuedForLane }) => queuedForLane,
  ),
  gauge(
    'palate_decoder_queued_photos',
    'photos',
    'Photos that wait to be decoded.',
    (readings) => readings.queuedForDecoding,
  ),
  gauge(
    'palate_outbox_events',
    'events',
    'Scores and reviews on their way to the journal, and places kept for photos under way.',
    ({ outbox }) => outbox.places,
  ),
  gauge(
    'palate_outbox_limit_events',
    'events',
    'As many may wait; then a photo is OVERLOADED.',
    ({ limits }) => limits.outboxEvents,
  ),
  counter(
    'palate_outbox_sent_events_total',
    'events',
    'Scores and reviews that the journal took.',
    ({ outbox }) => outbox.counts.sent,
  ),
  counter(
    'palate_outbox_refused_events_total',
    'events',
    'Scores and reviews that the journal refused for good; the log has their images.',
    ({ outbox }) => outbox.counts.refused,
  ),
  counter(
    'palate_outbox_failures_total',
    'attempts',
    'Attempts to send that failed and are made again.',
    ({ outbox }) => outbox.counts.failures,
  ),
  counter(
    'palate_photo_store_photos_total',
    'photos',
    'Photos for the object store: kept, failed (the store refused them), dropped (it was too far behind).',
    ({ status }) => [
      { labels: ['kept'], value: Number(status.photosKept) },
      { labels: ['failed'], value: Number(status.photosFailed) },
      { labels: ['dropped'], value: Number(status.photosDropped) },
    ],
    ['outcome'],
  ),
  gauge('palate_photo_store_waiting_photos', 'photos', 'Photos that wait for the object store.', ({ status }) =>
    Number(status.photosWaiting),
  ),
  gauge(
    'palate_store_up',
    '',
    '1: the store of photos or of score records answers; 0: it does not.',
    ({ status }) => storesOf(status, ({ answers }) => Number(answers)),
    ['store', 'kind'],
  ),
  gauge(
    'palate_store_answer_seconds',
    'seconds',
    'How long the store took to answer at this scrape.',
    ({ status }) => storesOf(status, ({ answers, answerMicros }) => (answers ? Number(answerMicros) / 1e6 : undefined)),
    ['store', 'kind'],
  ),
  gauge(
    'palate_score_records_lag_records',
    'records',
    'Records of the journal that the score records have not seen yet.',
    ({ status }) => Number(status.lag),
  ),
];

type Status = ScoringReadings['status'];
type Store = NonNullable<Status['photoStore']>;

function storesOf({ photoStore, recordStore }: Status, of: (store: Store) => number | undefined): Labelled[] {
  const stores = [['photos', photoStore] as const, ['records', recordStore] as const];
  return stores.flatMap(([name, store]) => {
    const value = store && of(store);
    return value === undefined ? [] : [{ labels: [name, store?.kind ?? ''], value }];
  });
}
