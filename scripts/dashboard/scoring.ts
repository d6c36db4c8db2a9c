import { of, q, quantile, type Row, rate, sum } from './queries.ts';

export const scoring: Row = {
  title: 'Scoring',
  panels: [
    {
      title: 'Photos a second',
      unit: 'short',
      about: 'By what became of them; remembered and joined ones cost next to nothing.',
      queries: [q(sum(rate('palate_scoring_photos_total'), 'outcome'), '{{outcome}}')],
    },
    {
      title: 'Stages, p99',
      unit: 's',
      about: 'Where the time of a scored photo goes.',
      queries: [q(quantile(0.99, 'palate_scoring_stage_duration_seconds', 'stage'), '{{stage}}')],
    },
    {
      title: 'Model: time of a request',
      unit: 's',
      about: 'Mean wait and mean run.',
      queries: ['queue', 'inference'].map((what) =>
        q(
          `${sum(rate(`palate_model_${what}_duration_seconds_sum`), 'model, version, provider')} / ${sum(rate(`palate_model_${what}_duration_seconds_count`), 'model, version, provider')}`,
          `${what} {{model}} {{version}} {{provider}}`,
        ),
      ),
    },
    {
      title: 'Model: images a second',
      unit: 'short',
      about: 'And requests by outcome.',
      queries: [
        q(sum(rate('palate_model_images_total'), 'model, version, provider'), '{{model}} {{version}} {{provider}}'),
        q(sum(rate('palate_model_requests_total'), 'model, outcome'), 'requests {{model}} {{outcome}}'),
      ],
    },
    {
      title: 'Model: batches',
      unit: 'short',
      about: 'Images in a batch.',
      queries: [q(quantile(0.9, 'palate_model_batch_images', 'model, version'), 'p90 {{model}} {{version}}')],
    },
    {
      title: 'Model: how busy',
      unit: 'percentunit',
      about: 'Of the time of all instances; 1 is saturated.',
      queries: [
        q(
          `${sum(rate('palate_model_batch_seconds_total'), 'model, version')} / ${sum(of('palate_model_instances'), 'model, version')}`,
          '{{model}} {{version}}',
        ),
      ],
    },
    {
      title: 'Model: by instance or remote',
      unit: 'short',
      about: 'Images a second of each, and how many it could do alone.',
      queries: [
        q(rate('palate_model_worker_images_total'), '{{worker}} {{instance}}'),
        q(`1 / (${of('palate_model_worker_image_seconds')} > 0)`, 'could do: {{worker}} {{instance}}'),
      ],
    },
    {
      title: 'Queues, of what may wait',
      unit: 'percentunit',
      about: 'At 1, photos are OVERLOADED.',
      queries: [
        q(`${of('palate_scoring_photos')} / ${of('palate_scoring_photos_limit')}`, 'photos {{instance}}'),
        q(`${of('palate_scoring_photo_bytes')} / ${of('palate_scoring_photo_limit_bytes')}`, 'bytes {{instance}}'),
        q(`${of('palate_model_queued_images')} / ${of('palate_model_queued_images_limit')}`, '{{model}} {{instance}}'),
        q(`${of('palate_outbox_events')} / ${of('palate_outbox_limit_events')}`, 'outbox {{instance}}'),
      ],
    },
    {
      title: 'Waiting',
      unit: 'short',
      about: 'For a lane, to be decoded, to be kept.',
      queries: [
        q(of('palate_lane_queued_photos'), 'lane {{instance}}'),
        q(of('palate_decoder_queued_photos'), 'decoder {{instance}}'),
        q(of('palate_photo_store_waiting_photos'), 'object store {{instance}}'),
      ],
    },
    {
      title: 'Scores to the journal',
      unit: 'short',
      about: 'A second: taken, refused for good, attempts that failed.',
      queries: [
        q(rate('palate_outbox_sent_events_total'), 'sent {{instance}}'),
        q(rate('palate_outbox_refused_events_total'), 'refused {{instance}}'),
        q(rate('palate_outbox_failures_total'), 'failed attempts {{instance}}'),
      ],
    },
    {
      title: 'Photos to the object store',
      unit: 'short',
      about: 'A second, by outcome.',
      queries: [q(sum(rate('palate_photo_store_photos_total'), 'outcome'), '{{outcome}}')],
    },
    {
      title: 'Stores',
      unit: 's',
      about: 'How long they take to answer; none: they do not.',
      queries: [
        q(of('palate_store_answer_seconds'), '{{store}} {{kind}} {{instance}}'),
        q(`${of('palate_store_up')} == 0`, 'down: {{store}} {{kind}} {{instance}}'),
      ],
    },
    {
      title: 'Score records behind the journal',
      unit: 'short',
      about: 'Records of the journal that they have not seen.',
      queries: [q(of('palate_score_records_lag_records'), '{{instance}}')],
    },
    {
      title: 'Models',
      unit: 'short',
      about: 'Ready; on another provider than asked for.',
      queries: [
        q(of('palate_model_ready'), 'ready {{model}} {{version}} {{provider}}'),
        q(`${of('palate_model_fallback')} == 1`, 'fallback {{model}} {{version}} {{provider}}'),
      ],
    },
  ],
};
