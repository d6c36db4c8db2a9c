/** Wires the scorer: models, the image's way, what it keeps and what it tells the journal. */
import { join } from 'node:path';
import type { GRPCInferenceService } from '../../gen/grpc_service_pb.ts';
import type { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import type { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import type { Config } from '../config.ts';
import { PalateError } from '../errors.ts';
import { createFollower } from '../journal/follower/follower.ts';
import type { Journal } from '../journal/journal.ts';
import type { Part } from '../lifecycle.ts';
import type { Client } from '../rpc/client/client.ts';
import type { BoundService } from '../rpc/handlers.ts';
import { systemClock } from '../scoring/batcher/clock.ts';
import { defaultLimits } from '../scoring/decoding/decode.ts';
import { Decoder } from '../scoring/decoding/decoder.ts';
import { UriFetcher } from '../scoring/fetching/uri-fetcher.ts';
import { uncertaintyOfLabels } from '../scoring/judgement/judge.ts';
import type { Tips } from '../scoring/judgement/tips.ts';
import { ModelRegistry } from '../scoring/models/model-registry.ts';
import { Outbox } from '../scoring/outbox.ts';
import { createPipeline } from '../scoring/pipeline.ts';
import { GenerationNote } from '../scoring/projection/generation-note.ts';
import { localMealJournal } from '../scoring/projection/local-meal-journal.ts';
import { type MealJournal, remoteMealJournal } from '../scoring/projection/meal-journal.ts';
import { Projection } from '../scoring/projection/projection.ts';
import { createScoringStatus, type ScoringStatus } from '../scoring/scoring-status.ts';
import { createScoringService } from '../scoring/service.ts';
import { Admission } from '../scoring/stages/admit.ts';
import { createFetch } from '../scoring/stages/fetch.ts';
import { Keeper } from '../scoring/stages/keep.ts';
import { UnsentEvents } from '../scoring/unsent.ts';
import type { Log } from '../telemetry/log.ts';
import { inferenceRole } from './assemble-inference.ts';
import { type Meters, measureScoring } from './assemble-metrics.ts';
import { loading, modelSource, modelSources, tipsOf } from './assemble-models.ts';
import { openStores, type ScoringStores } from './assemble-stores.ts';
import type { PhotoTimes, ScoringReadings } from './metrics/scoring.ts';

export interface ScoringParts {
  readonly service: BoundService<typeof ScoringService>;
  readonly inference: BoundService<typeof GRPCInferenceService>;
  /** Begins to load the models, for which the others need not wait; to be started before them. */
  readonly early: Part;
  readonly parts: readonly Part[];
  /** Resolves when whoever is out of the journal is out of scores and photos too. */
  forgetErased(signal: AbortSignal): Promise<void>;
}

export interface ScoringNeighbours {
  readonly ingest: Client<typeof IngestService>;
  /** Absent: it is that of another process. */
  readonly journal?: Journal;
  /** Undefined: tips do without the meals of before. */
  readonly recommendation: Client<typeof RecommendationService> | undefined;
}

/** Photos on their way to the object store, at most: it may be slower than the models for a while. */
const maxKept = { photos: 1_000, bytes: 256 * 2 ** 20 };

/** Within this time the journal knows what a scorer took down; their clocks may differ by as much. */
const settlingMillis = 2_000;

/** The service and what carries it, in the order of its start. */
export async function scoringParts(
  config: Config,
  neighbours: ScoringNeighbours,
  processLog: Log,
  meters: Meters,
): Promise<ScoringParts> {
  const log = processLog.child({ part: 'scoring' });
  const stores = await openStores(config, scoresFolder(config), log);
  try {
    return partsOver(stores, config, neighbours, log, meters);
  } catch (error) {
    // Connections that stay open would keep the process.
    await stores.part.stop();
    throw error;
  }
}

function partsOver(
  stores: ScoringStores,
  config: Config,
  neighbours: ScoringNeighbours,
  log: Log,
  meters: Meters,
): ScoringParts {
  const sources = modelSources(config, log);
  const models = new ModelRegistry(sources);
  const { part: early, loaded } = loading(models);
  const { tips, part: rules } = tipsOf(config, models, loaded);
  const intake = createIntake(config);
  const kept = createKeeping(config, neighbours, stores, models, log);
  const status = statusOf(config, stores, kept);
  const { photos } = meters;
  const service = createService(config, neighbours, { models, tips, intake, stores, status, photos, ...kept }, log);
  measureScoring(meters, () => models.list(), readingsOf(config, intake, kept, status));
  const sourceOf = (folder: string) => modelSource(config, folder, log);
  const inference = inferenceRole(config, { ...intake, models, sources, sourceOf }, log);
  const beside = besideThePhotos(intake, kept);
  const parts = [stores.part, rules, kept.projection, beside, inference.part];
  const forgetErased = (signal: AbortSignal) => kept.projection.forgetErased(signal);
  return { service, inference: inference.service, early, parts, forgetErased };
}

/** What every photo passes, whoever sends it and by which protocol. */
interface Intake {
  readonly clock: typeof systemClock;
  readonly decoder: Decoder;
  readonly admission: Admission;
  /** Photos before a lane. */
  readonly waiting: { photos: number };
}

function createIntake({ scoring: { images, models } }: Config): Intake {
  const clock = systemClock;
  const limits = { ...defaultLimits, ...decodeLimits(images) };
  const decoder = new Decoder({ maxQueued: models.maxQueuedImages, limits });
  const admission = new Admission({ clock, maxImages: images.maxUnderWay, maxBytes: images.maxUnderWayBytes });
  return { clock, decoder, admission, waiting: { photos: 0 } };
}

/** What remains of a photo: its bytes, an event, and what the journal tells of it. */
interface Keeping {
  readonly keeper: Keeper | undefined;
  readonly unsent: UnsentEvents;
  readonly outbox: Outbox;
  readonly projection: Projection;
}

function createKeeping(
  config: Config,
  neighbours: ScoringNeighbours,
  { photos: { objects, concurrency }, kept, asked, flight, places }: ScoringStores,
  models: ModelRegistry,
  log: Log,
): Keeping {
  const { images, maxPendingEvents: maxEvents } = config.scoring;
  const clock = systemClock;
  const { photos: maxPhotos, bytes: maxBytes } = maxKept;
  const keeper = images.keep ? new Keeper({ clock, objects, log, maxPhotos, maxBytes, concurrency }) : undefined;
  const unsent = new UnsentEvents(scoresFolder(config), log);
  const onRefused = (...refused: Parameters<Projection['refused']>) => projection.refused(...refused);
  const outbox = new Outbox({ clock, client: neighbours.ingest, log, maxEvents, unsent, onRefused });
  const projection = new Projection({
    journal: mealJournal(config, neighbours, log),
    records: kept.records,
    note: new GenerationNote(scoresFolder(config), `${places.photos}, ${places.records}`),
    uncertaintyOf: (labels) => uncertaintyOfLabels(labels, models.classes()),
    putsSettled: async () => {
      await asked.settled();
      await kept.settled();
    },
    observeUnsent: (listener) => outbox.observeUnsent(listener),
    forgetSent: () => unsent.forgetSent(),
    othersMillis: flight === undefined ? 0 : settlingMillis,
    removePhoto: (photo) => (keeper === undefined ? objects.delete(photo) : keeper.remove(photo)),
    log,
  });
  return { keeper, unsent, outbox, projection };
}

interface ServiceParts extends Keeping {
  readonly models: ModelRegistry;
  readonly tips: Pick<Tips, 'choose'>;
  readonly intake: Intake;
  readonly stores: ScoringStores;
  readonly status: ScoringStatus;
  readonly photos: PhotoTimes;
}

function createService(
  config: Config,
  { recommendation }: ScoringNeighbours,
  { models, tips, intake, stores, status, photos, keeper, outbox }: ServiceParts,
  log: Log,
): BoundService<typeof ScoringService> {
  const { maxBytes } = config.scoring.images;
  const { objects } = stores.photos;
  const fetch = createFetch({ clock: intake.clock, objects, uris: createUriFetcher(config), maxBytes });
  const score = createPipeline({
    ...intake,
    models,
    tips,
    fetch,
    keeper,
    records: stores.onTheWay,
    flight: stores.flight,
    outbox,
    recommendation,
    maxImageBytes: maxBytes,
    log,
  });
  return createScoringService({
    score: photos.counted(score),
    models,
    records: stores.asked,
    outbox,
    status,
    defaultTimeoutMillis: config.rpc.defaultTimeoutMillis,
    onHidden: (errorId, error) => log.error({ error, errorId }, 'a photo on a stream failed'),
  });
}

function statusOf({ storage }: Config, { photos, kept }: ScoringStores, keeping: Keeping): ScoringStatus {
  const kinds = { photos: storage.objects.kind, records: storage.records.kind };
  return createScoringStatus({ kinds, objects: photos.objects, records: kept.records, ...keeping });
}

/** What a scrape asks of it. The stores are asked too, and have a second to answer. */
function readingsOf(
  { scoring: { images, maxPendingEvents: outboxEvents } }: Config,
  { admission, decoder, waiting }: Intake,
  { outbox }: Keeping,
  status: ScoringStatus,
): () => Promise<Omit<ScoringReadings, 'photos'>> {
  const limits = { photos: images.maxUnderWay, photoBytes: images.maxUnderWayBytes, outboxEvents };
  return async () => ({
    underWay: admission.underWay,
    queuedForLane: waiting.photos,
    queuedForDecoding: decoder.queued,
    outbox,
    limits,
    status: await status(),
  });
}

/** What goes on beside the answers. */
function besideThePhotos({ decoder }: Intake, { keeper, outbox, unsent }: Keeping): Part {
  return {
    name: 'outbox',
    start: async () => outbox.resume(),
    async drain(signal) {
      await Promise.all([outbox.drain(signal), keeper?.settled()]);
    },
    async stop() {
      decoder.close(new PalateError('SHUTTING_DOWN', 'the server is stopping'));
      unsent.close();
    },
  };
}

function createUriFetcher({ scoring: { fetch, images } }: Config): UriFetcher {
  return new UriFetcher({
    ...fetch,
    allowedPorts: fetch.allowedPorts.map(Number),
    totalMillis: fetch.timeoutMillis,
    maxBytes: images.maxBytes,
  });
}

/** Of this process, or of the one that is followed. */
function mealJournal(config: Config, { journal, ingest }: ScoringNeighbours, log: Log): MealJournal {
  const pendingErasures = async () => (await ingest.getJournalStatus({})).pendingErasures;
  if (journal !== undefined) return localMealJournal(journal, pendingErasures);
  return remoteMealJournal(ingest, createFollower({ address: config.journal.follow, connection: config.peers, log }));
}

function scoresFolder({ dataFolder }: Config): string {
  return join(dataFolder, 'scores');
}

function decodeLimits({ maxBytes, maxPixels, decodeTimeoutMillis }: Config['scoring']['images']) {
  return { maxBytes, maxPixels, maxSeconds: Math.ceil(decodeTimeoutMillis / 1_000) };
}
