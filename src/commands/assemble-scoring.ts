/** Wires the scorer: models, the image's way, what it keeps and what it tells the journal. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
import { loadTips, type Tips } from '../scoring/judgement/tips.ts';
import { ModelRegistry, type ModelSource } from '../scoring/models/model-registry.ts';
import { Outbox } from '../scoring/outbox.ts';
import { createPipeline } from '../scoring/pipeline.ts';
import { GenerationNote } from '../scoring/projection/generation-note.ts';
import { localMealJournal } from '../scoring/projection/local-meal-journal.ts';
import { type MealJournal, remoteMealJournal } from '../scoring/projection/meal-journal.ts';
import { Projection } from '../scoring/projection/projection.ts';
import { watchRecords } from '../scoring/projection/watched-records.ts';
import { createScoringService } from '../scoring/service.ts';
import { Admission } from '../scoring/stages/admit.ts';
import { createFetch } from '../scoring/stages/fetch.ts';
import { Keeper } from '../scoring/stages/keep.ts';
import { UnsentEvents } from '../scoring/unsent.ts';
import { openDiskObjectStore } from '../storage/objects/disk-object-store.ts';
import { createObjectWriter } from '../storage/objects/object-writer.ts';
import { openLmdbScoreRecords } from '../storage/records/lmdb-score-records.ts';
import { writeBehind } from '../storage/records/write-behind.ts';
import type { Log } from '../telemetry/log.ts';
import { inferenceRole } from './assemble-inference.ts';

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

/** Photos on their way to the object store, at most: the disk may be slower than the models for a while. */
const maxKept = { photos: 1_000, bytes: 256 * 2 ** 20 };

/** The service and what carries it, in the order of its start. */
export async function scoringParts(
  config: Config,
  neighbours: ScoringNeighbours,
  processLog: Log,
): Promise<ScoringParts> {
  const log = processLog.child({ part: 'scoring' });
  const { models: wanted, images, fetch, maxPendingEvents } = config.scoring;
  const clock = systemClock;
  const writer = createObjectWriter(log);
  const objects = await openDiskObjectStore(join(config.dataFolder, 'objects'), (object) => writer.write(object));
  const kept = watchRecords(await openLmdbScoreRecords(scoresFolder(config), log));
  const { records } = kept;
  const seenAtOnce = writeBehind(records, { log });
  const sources = modelFolders(config).map((folder) => modelSource(config, folder, log));
  const models = new ModelRegistry(sources);
  const decoder = new Decoder({
    maxQueued: wanted.maxQueuedImages,
    limits: { ...defaultLimits, ...decodeLimits(images) },
  });
  const uris = new UriFetcher({
    ...fetch,
    allowedPorts: fetch.allowedPorts.map(Number),
    totalMillis: fetch.timeoutMillis,
    maxBytes: images.maxBytes,
  });
  const keeper = images.keep
    ? new Keeper({ clock, objects, log, maxPhotos: maxKept.photos, maxBytes: maxKept.bytes })
    : undefined;
  const unsent = new UnsentEvents(scoresFolder(config), log);
  const outbox = new Outbox({
    clock,
    client: neighbours.ingest,
    log,
    maxEvents: maxPendingEvents,
    unsent,
    onRefused: (tenant, event, error) => projection.refused(tenant, event, error),
  });
  const projection = new Projection({
    journal: mealJournal(config, neighbours, log),
    records,
    note: new GenerationNote(scoresFolder(config)),
    uncertaintyOf: (labels) => uncertaintyOfLabels(labels, models.get().classes),
    putsSettled: () => kept.settled(),
    observeUnsent: (listener) => outbox.observeUnsent(listener),
    forgetSent: () => unsent.forgetSent(),
    removePhoto: (photo) => (keeper === undefined ? objects.delete(photo) : keeper.remove(photo)),
    log,
  });
  let tips: Pick<Tips, 'choose'> = { choose: () => '' };
  const admission = new Admission({ clock, maxImages: images.maxUnderWay, maxBytes: images.maxUnderWayBytes });
  const score = createPipeline({
    clock,
    models,
    tips: { choose: (input) => tips.choose(input) },
    decoder,
    admission,
    fetch: createFetch({ clock, objects, uris, maxBytes: images.maxBytes }),
    keeper,
    records: seenAtOnce,
    outbox,
    recommendation: neighbours.recommendation,
    maxImageBytes: images.maxBytes,
    log,
  });
  const service = createScoringService({
    score,
    models,
    records: seenAtOnce,
    outbox,
    defaultTimeoutMillis: config.rpc.defaultTimeoutMillis,
    onHidden: (errorId, error) => log.error({ error, errorId }, 'a photo on a stream failed'),
  });
  const sourceOf = (folder: string) => modelSource(config, folder, log);
  const inference = inferenceRole(config, { clock, models, decoder, admission, sources, sourceOf }, log);
  const store: Part = {
    name: 'what is known of photos',
    async stop() {
      await writer.stop();
      await seenAtOnce.close();
    },
  };
  let loaded: Promise<void> | undefined;
  const loading: Part = {
    name: models.name,
    async start(signal) {
      loaded = models.start(signal);
      loaded.catch(() => undefined);
    },
    drain: (signal) => models.drain(signal),
    stop: () => models.stop(),
  };
  const rules: Part = {
    name: 'tips',
    async start() {
      await loaded;
      const file = tipFile(config);
      if (file !== undefined) tips = loadTips(file, models.get().classes);
    },
  };
  const beside: Part = {
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
  const parts = [store, rules, projection, beside, inference.part];
  const forgetErased = (signal: AbortSignal) => projection.forgetErased(signal);
  return { service, inference: inference.service, early: loading, parts, forgetErased };
}

/** Of this process, or of the one that is followed. */
function mealJournal(config: Config, { journal, ingest }: ScoringNeighbours, log: Log): MealJournal {
  const pendingErasures = async () => (await ingest.getJournalStatus({})).pendingErasures;
  if (journal !== undefined) return localMealJournal(journal, pendingErasures);
  return remoteMealJournal(ingest, createFollower({ address: config.journal.follow, log }));
}

function scoresFolder({ dataFolder }: Config): string {
  return join(dataFolder, 'scores');
}

function decodeLimits({ maxBytes, maxPixels, decodeTimeoutMillis }: Config['scoring']['images']) {
  return { maxBytes, maxPixels, maxSeconds: Math.ceil(decodeTimeoutMillis / 1_000) };
}

function modelSource(config: Config, folder: string, log: Log): ModelSource {
  const { provider, instances, maxBatchImages, maxQueuedImages, runTimeoutMillis } = config.scoring.models;
  return {
    folder,
    provider,
    maxQueuedImages,
    runTimeoutMillis,
    log,
    ...(instances === 0 ? {} : { instances }),
    ...(maxBatchImages === 0 ? {} : { maxBatchImages }),
  };
}

function modelFolders({ scoring: { models } }: Config): readonly string[] {
  return models.folders.length > 0 ? models.folders : [shippedModel()];
}

/** Beside the sources, or one folder further up beside what was built of them. */
function shippedModel(): string {
  const places = ['../../models/food', '../../../models/food'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return places.find((place) => existsSync(place)) ?? places[0]!;
}

function tipFile(config: Config): string | undefined {
  const { file } = config.scoring.tips;
  if (file !== '') return file;
  const beside = join(modelFolders(config)[0]!, 'tips.yaml');
  return existsSync(beside) ? beside : undefined;
}
