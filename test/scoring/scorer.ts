/** The scorer for tests: its real parts, the model that ships, and stores in a folder of its own. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import type { JournalRecord } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { ScoreRequestSchema } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { openPalate, type Palate } from '../../src/index.ts';
import { silentLog } from '../../src/rpc/log.ts';
import { systemClock } from '../../src/scoring/batcher/clock.ts';
import { Decoder } from '../../src/scoring/decoding/decoder.ts';
import { UriFetcher } from '../../src/scoring/fetching/uri-fetcher.ts';
import { loadTips } from '../../src/scoring/judgement/tips.ts';
import { ModelRegistry } from '../../src/scoring/models/model-registry.ts';
import { Outbox } from '../../src/scoring/outbox.ts';
import { createPipeline, type PhotoAnswer, type PipelineOptions } from '../../src/scoring/pipeline.ts';
import type { ScoreCall, ScoreQuestion } from '../../src/scoring/question.ts';
import { Admission } from '../../src/scoring/stages/admit.ts';
import { createFetch } from '../../src/scoring/stages/fetch.ts';
import { Keeper } from '../../src/scoring/stages/keep.ts';
import { openDiskObjectStore } from '../../src/storage/objects/disk-object-store.ts';
import { openLmdbScoreRecords } from '../../src/storage/records/lmdb-score-records.ts';

export type Question = MessageInitShape<typeof ScoreRequestSchema>;

export const foodFolder = fileURLToPath(new URL('../../models/food', import.meta.url));

/** The largest photo that the scorer takes. */
export const maxImageBytes = 2 * 1024 * 1024;

/** Opens all parts, with the models of these folders. `pipeline` makes the image's way of them, with some of them exchanged. */
export async function openScorer(folders: readonly string[] = [foodFolder]) {
  const folder = await mkdtemp(join(tmpdir(), 'palate-scorer-'));
  const palate = await openPalate({ dataFolder: join(folder, 'data') });
  const clock = systemClock;
  const log = silentLog;
  const objects = await openDiskObjectStore(join(folder, 'objects'));
  const records = await openLmdbScoreRecords(join(folder, 'scores'), log);
  const models = new ModelRegistry(folders.map((one) => ({ folder: one, instances: 1, log })));
  await models.start();
  const uris = new UriFetcher({ maxBytes: maxImageBytes });
  const keeper = new Keeper({ clock, objects, log, maxPhotos: 100, maxBytes: 2 ** 26 });
  const outbox = new Outbox({ clock, client: palate.ingest, log });
  const parts: PipelineOptions = {
    clock,
    models,
    tips: folders.includes(foodFolder)
      ? loadTips(join(foodFolder, 'tips.yaml'), models.get('food').classes)
      : { choose: () => '' },
    decoder: new Decoder(),
    admission: new Admission({ clock, maxImages: 256, maxBytes: 2 ** 26 }),
    fetch: createFetch({ clock, objects, uris, maxBytes: maxImageBytes }),
    keeper,
    records,
    outbox,
    recommendation: palate.recommendation,
    maxImageBytes,
    log,
  };
  return {
    palate,
    models,
    decoder: parts.decoder,
    objects,
    keeper,
    records,
    outbox,
    /** Scores a photo for a tenant. `exchanged`: parts in place of the real ones. */
    pipeline(exchanged: Partial<PipelineOptions> = {}) {
      const score = createPipeline({ ...parts, ...exchanged });
      return (question: Question, call: Partial<ScoreCall> = {}): Promise<PhotoAnswer> =>
        score(create(ScoreRequestSchema, question), callOf(call));
    },
    async close() {
      await outbox.drain(AbortSignal.timeout(5_000));
      await keeper.settled();
      await models.stop();
      await records.close();
      await palate.close();
      await rm(folder, { recursive: true });
    },
  };
}

export type OpenScorer = Awaited<ReturnType<typeof openScorer>>;

function callOf({ tenant = '', signal = new AbortController().signal, ...rest }: Partial<ScoreCall>): ScoreCall {
  return { tenant, signal, deadlineMillis: systemClock.now() + 20_000, ...rest };
}

/** A request with these bytes as its photo. */
export function photo(value: Uint8Array, rest: Partial<Omit<ScoreQuestion, 'image'>> = {}): Question {
  return { ...rest, image: { case: 'imageBytes', value } };
}

/** How many images the models have run. */
export function imagesRun({ models }: Pick<OpenScorer, 'models'>): number {
  return models
    .list()
    .reduce((sum, { model }) => sum + model.instances.reduce((all, { images }) => all + images, 0), 0);
}

/** What the journal has of a tenant. */
export async function journalled({ ingest }: Palate, tenant: string): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const answer of ingest.subscribe({ untilEnd: true }, { tenant })) records.push(...answer.records);
  return records;
}
