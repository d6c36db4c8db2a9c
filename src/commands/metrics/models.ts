/** What each model tells: what it was asked, how long that took, and what waits for it. */
import type { InstanceStatus, LoadedModel } from '../../scoring/models/loaded-model.ts';
import type { ModelRegistry } from '../../scoring/models/model-registry.ts';
import type { Tally as ModelTally } from '../../scoring/models/model-statistics.ts';
import {
  counter,
  gauge,
  histogram,
  type Labelled,
  type Metric,
  type Reading,
  summary,
} from '../../telemetry/metrics/metric.ts';

export type ModelReadings = ReturnType<ModelRegistry['list']>;

/** What is loaded bounds them: its name, its version, and what it runs on. */
const labels = ['model', 'version', 'provider'];

/** In images. */
const batchBounds = [1, 2, 4, 8, 16, 32, 64, 128];

export const modelMetrics: readonly Metric<ModelReadings>[] = [
  counter(
    'palate_model_requests_total',
    'requests',
    'Requests to the model by outcome, of photos and of the inference protocol.',
    (models) =>
      models.flatMap(({ model }) => [
        { labels: [...namesOf(model), 'succeeded'], value: model.statistics.success.count },
        { labels: [...namesOf(model), 'failed'], value: model.statistics.fail.count },
      ]),
    [...labels, 'outcome'],
  ),
  counter(
    'palate_model_images_total',
    'images',
    'Images that the model answered.',
    of(({ statistics }) => statistics.images),
    labels,
  ),
  summary(
    'palate_model_queue_duration_seconds',
    'seconds',
    'How long requests waited for an instance.',
    of(({ statistics }) => tallyOf(statistics.queue)),
    labels,
  ),
  summary(
    'palate_model_inference_duration_seconds',
    'seconds',
    'How long requests ran in an instance, with the batch that they were in.',
    of(({ statistics }) => tallyOf(statistics.infer)),
    labels,
  ),
  histogram(
    'palate_model_batch_images',
    'images',
    'Batches that were run, by how many images were in them.',
    of(({ statistics }) => batchesOf(statistics.batches)),
    labels,
  ),
  counter(
    'palate_model_batch_seconds_total',
    'seconds',
    'Time that instances spent in batches; by instance and second: how busy they are.',
    of(({ statistics }) => [...statistics.batches.values()].reduce((sum, { micros }) => sum + micros / 1e6, 0)),
    labels,
  ),
  gauge(
    'palate_model_queued_images',
    'images',
    'Images that wait for an instance.',
    of(({ batcher }) => batcher.queuedImages),
    labels,
  ),
  gauge(
    'palate_model_queued_images_limit',
    'images',
    'As many may wait; then one is OVERLOADED.',
    of((model) => model.maxQueuedImages),
    labels,
  ),
  gauge(
    'palate_model_instances',
    'instances',
    'Instances that run side by side.',
    of(({ instances }) => instances.length),
    labels,
  ),
  counter(
    'palate_model_worker_images_total',
    'images',
    'Images that each instance, or each remote, answered.',
    (models) => models.flatMap(({ model }) => workersOf(model, ({ images }) => images)),
    [...labels, 'worker'],
  ),
  gauge(
    'palate_model_worker_image_seconds',
    'seconds',
    'What an image takes in each instance or remote, as it was learned.',
    (models) => models.flatMap(({ model }) => workersOf(model, ({ perImageMillis }) => perImageMillis / 1e3)),
    [...labels, 'worker'],
  ),
  gauge(
    'palate_model_ready',
    '',
    '1: the model can be asked; 0: no instance or remote runs it now.',
    of(({ isReady }) => Number(isReady)),
    labels,
  ),
  gauge(
    'palate_model_fallback',
    '',
    '1: the model runs on another provider than the one that was asked for.',
    of(({ provider, requestedProvider }) => Number(provider !== requestedProvider)),
    labels,
  ),
];

function of(read: (model: LoadedModel) => Reading): (models: ModelReadings) => Labelled[] {
  return (models) => models.map(({ model }) => ({ labels: namesOf(model), value: read(model) }));
}

function namesOf({ name, version, provider }: LoadedModel): string[] {
  return [name, version, provider];
}

function workersOf(model: LoadedModel, read: (worker: InstanceStatus) => number): Labelled[] {
  return model.instances.map((worker) => ({ labels: [...namesOf(model), worker.name], value: read(worker) }));
}

function tallyOf({ count, micros }: ModelTally) {
  return { count, sum: micros / 1e6 };
}

/** The model knows each size apart. */
function batchesOf(batches: ReadonlyMap<number, ModelTally>) {
  const counts = new Array<number>(batchBounds.length + 1).fill(0);
  let sum = 0;
  for (const [images, { count }] of batches) {
    const at = batchBounds.findIndex((bound) => images <= bound);
    counts[at < 0 ? batchBounds.length : at]! += count;
    sum += images * count;
  }
  return { bounds: batchBounds, counts, sum };
}
