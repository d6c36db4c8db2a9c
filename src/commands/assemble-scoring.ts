/** Wires the scorer: models, the image's way, what it keeps and what it tells the journal. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import type { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import type { Config } from '../config.ts';
import { PalateError } from '../errors.ts';
import type { Part } from '../lifecycle.ts';
import type { Client } from '../rpc/client/client.ts';
import type { BoundService } from '../rpc/handlers.ts';
import { systemClock } from '../scoring/batcher/clock.ts';
import { defaultLimits } from '../scoring/decoding/decode.ts';
import { Decoder } from '../scoring/decoding/decoder.ts';
import { UriFetcher } from '../scoring/fetching/uri-fetcher.ts';
import { loadTips, type Tips } from '../scoring/judgement/tips.ts';
import { ModelRegistry } from '../scoring/models/model-registry.ts';
import { Outbox } from '../scoring/outbox.ts';
import { createPipeline } from '../scoring/pipeline.ts';
import { createScoringService } from '../scoring/service.ts';
import { Admission } from '../scoring/stages/admit.ts';
import { createFetch } from '../scoring/stages/fetch.ts';
import { Keeper } from '../scoring/stages/keep.ts';
import { openDiskObjectStore } from '../storage/objects/disk-object-store.ts';
import { openLmdbScoreRecords } from '../storage/records/lmdb-score-records.ts';
import type { Log } from '../telemetry/log.ts';

export interface ScoringParts {
  readonly service: BoundService<typeof ScoringService>;
  readonly parts: readonly Part[];
}

export interface ScoringNeighbours {
  readonly ingest: Client<typeof IngestService>;
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
  const objects = await openDiskObjectStore(join(config.dataFolder, 'objects'));
  const records = await openLmdbScoreRecords(join(config.dataFolder, 'scores'), log);
  const models = new ModelRegistry(modelSources(config, log));
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
  const outbox = new Outbox({ clock, client: neighbours.ingest, log, maxEvents: maxPendingEvents });
  let tips: Pick<Tips, 'choose'> = { choose: () => '' };
  const score = createPipeline({
    clock,
    models,
    tips: { choose: (input) => tips.choose(input) },
    decoder,
    admission: new Admission({ clock, maxImages: images.maxUnderWay, maxBytes: images.maxUnderWayBytes }),
    fetch: createFetch({ clock, objects, uris, maxBytes: images.maxBytes }),
    keeper,
    records,
    outbox,
    recommendation: neighbours.recommendation,
    maxImageBytes: images.maxBytes,
    log,
  });
  const service = createScoringService({
    score,
    models,
    records,
    outbox,
    defaultTimeoutMillis: config.rpc.defaultTimeoutMillis,
    onHidden: (errorId, error) => log.error({ error, errorId }, 'a photo on a stream failed'),
  });
  const kept: Part = { name: 'what is known of photos', stop: () => records.close() };
  const rules: Part = {
    name: 'tips',
    async start() {
      const file = tipFile(config);
      if (file !== undefined) tips = loadTips(file, models.get().classes);
    },
  };
  const beside: Part = {
    name: 'outbox',
    async drain(signal) {
      await Promise.all([outbox.drain(signal), keeper?.settled()]);
    },
    stop: async () => decoder.close(new PalateError('SHUTTING_DOWN', 'the server is stopping')),
  };
  return { service, parts: [kept, models, rules, beside] };
}

function decodeLimits({ maxBytes, maxPixels, decodeTimeoutMillis }: Config['scoring']['images']) {
  return { maxBytes, maxPixels, maxSeconds: Math.ceil(decodeTimeoutMillis / 1_000) };
}

function modelSources(config: Config, log: Log) {
  const { provider, instances, maxBatchImages, maxQueuedImages, runTimeoutMillis } = config.scoring.models;
  return modelFolders(config).map((folder) => ({
    folder,
    provider,
    maxQueuedImages,
    runTimeoutMillis,
    log,
    ...(instances === 0 ? {} : { instances }),
    ...(maxBatchImages === 0 ? {} : { maxBatchImages }),
  }));
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
