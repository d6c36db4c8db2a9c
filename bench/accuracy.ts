/**
 * Serenade's protocol through the whole system: the training clicks go in over `PublishStream` in the order of their
 * times, then every prefix of each session of the split is asked over `Recommend`. See Kersbergen et al., "Serenade",
 * SIGMOD 2022, and the evaluator of https://github.com/bolcom/serenade.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Event } from '../gen/palate/event/v1/event_pb.ts';
import { IngestService } from '../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { readTestSessions } from '../scripts/test-sessions.ts';
import { PalateError } from '../src/errors.ts';
import { publishAll } from '../src/exchange/bulk-publisher.ts';
import type { Client } from '../src/rpc/client/client.ts';
import { createGrpcClient } from '../src/rpc/client/grpc-client.ts';
import { type BenchContext, type Benchmark, serverOptions, textOf } from './benchmark.ts';
import { clicksFile, frequenciesOf, itemOf, readClicks, type Split } from './clicks.ts';
import { startMeasured } from './measured-server.ts';
import { createEvaluation, type Metrics } from './metrics.ts';
import type { Report } from './report.ts';

/** What Serenade's README prints of its evaluator over the test split. */
const printed = {
  mrr: 0.3277,
  ndcg: 0.3553,
  hitRate: 0.6402,
  popularity: 0.0499,
  precision: 0.068,
  coverage: 0.2765,
  recall: 0.4456,
} as const;

export const metricNames = ['mrr', 'hitRate', 'ndcg', 'recall', 'precision', 'coverage', 'popularity'] as const;
const length = 20;
const concurrency = 16;

/** `home` as it is shipped, and its strategies over sessions alone, without what fills the list up. */
const placements = ['home', 'session-only', 'stan-only'] as const;
type PlacementName = (typeof placements)[number];

interface Clients {
  readonly ingest: Client<typeof IngestService>;
  readonly recommendation: Client<typeof RecommendationService>;
}

/** One run of an evaluation. */
export interface AccuracyRun {
  readonly placement: PlacementName;
  readonly mode: 'frozen' | 'prequential';
  readonly metrics: Metrics;
}

export interface AccuracyResult {
  readonly split: Split;
  readonly trainingClicks: number;
  readonly runs: readonly AccuracyRun[];
}

export const accuracy: Benchmark = {
  name: 'accuracy',
  summary: "How good recommendations are on Serenade's data, by its protocol, beside the figures it prints",
  options: {
    split: { type: 'string', description: 'test (default) or valid: which sessions are asked. Tune on valid only.' },
    prequential: {
      type: 'boolean',
      description: 'Also test, then train: each click is first asked for, then published.',
    },
    config: {
      type: 'string',
      description: 'Configuration file of the server, for other settings. Its placements count.',
    },
    ...serverOptions,
  },
  async run(context) {
    return reportOf(await measureAccuracy(context));
  },
};

/** Runs it against a server of its own. The metrics of each placement, frozen first. */
export async function measureAccuracy({ values, folder, progress }: BenchContext): Promise<AccuracyResult> {
  const split = splitOf(textOf(values, 'split'));
  const profileFolder = textOf(values, 'profile');
  const server = await startMeasured({ folder, args: ['-c', configOf(values, folder)], profileFolder });
  const ingest = createGrpcClient(IngestService, server.grpc);
  const recommendation = createGrpcClient(RecommendationService, server.grpc);
  const clients = { ingest: ingest.call, recommendation: recommendation.call };
  try {
    const training = await readClicks('train');
    await train(clients, training, progress);
    const runs: AccuracyRun[] = [];
    for (const placement of placements) {
      runs.push({ placement, mode: 'frozen', metrics: await evaluateFrozen(clients, placement, split, training) });
    }
    if (values['prequential'] === true) {
      progress('prequential: each click asked for, then published');
      runs.push(...(await evaluateGrowing(clients, split, training)));
    }
    return { split, trainingClicks: training.length, runs };
  } finally {
    ingest.close();
    recommendation.close();
    await server.stop();
  }
}

function splitOf(text: string | undefined): Split {
  if (text === undefined || text === 'test' || text === 'valid') return text ?? 'test';
  throw new PalateError('USAGE', `--split takes test or valid, not ${JSON.stringify(text)}.`);
}

/** The caller's file, or one of our own that adds the placements of one strategy alone. */
export function configOf(values: BenchContext['values'], folder: string): string {
  const given = textOf(values, 'config');
  if (given !== undefined) return given;
  const file = join(folder, 'palate.yaml');
  const alone = (strategy: string) => ({ strategies: [{ strategy }] });
  const own = { 'session-only': alone('session'), 'stan-only': alone('session-stan') };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ recommendation: { placements: own } }));
  return file;
}

async function train({ ingest }: Clients, clicks: readonly Event[], progress: BenchContext['progress']): Promise<void> {
  const startedAt = performance.now();
  async function* events() {
    yield* clicks;
  }
  const { accepted } = await publishAll(events(), {
    client: ingest,
    batchEvents: 200,
    maxInFlight: 32,
    patienceMillis: 10_000,
  });
  if (accepted !== clicks.length) throw new Error(`only ${accepted} of ${clicks.length} clicks were accepted`);
  const seconds = (performance.now() - startedAt) / 1_000;
  progress(`${accepted} clicks published in ${seconds.toFixed(1)} s`);
}

/** Every prefix of each session; the state learns nothing meanwhile. */
export async function evaluateFrozen(
  { recommendation }: Pick<Clients, 'recommendation'>,
  placement: PlacementName,
  split: Split,
  training: readonly Event[],
): Promise<Metrics> {
  const evaluation = createEvaluation({ frequencies: frequenciesOf(training) }, length);
  const prefixes = (await readTestSessions(clicksFile(split))).flatMap(({ itemIds }) =>
    Array.from({ length: Math.max(0, itemIds.length - 1) }, (_, index) => ({ itemIds, seen: index + 1 })),
  );
  const left = prefixes.values();
  const worker = async () => {
    for (const { itemIds, seen } of left) {
      const { items } = await recommendation.recommend({
        placement,
        recentItemIds: itemIds.slice(0, seen),
        limit: length,
      });
      evaluation.add(idsOf(items), itemIds.slice(seen));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return evaluation.result();
}

function idsOf(items: readonly { readonly itemId: string }[]): string[] {
  return items.map(({ itemId }) => itemId);
}

/**
 * Test, then train: in the order of time each click is asked for by its session's id in every placement, then published.
 * What a placement answers does not depend on the others.
 */
async function evaluateGrowing(
  { ingest, recommendation }: Clients,
  split: Split,
  training: readonly Event[],
): Promise<AccuracyRun[]> {
  const catalogue = { frequencies: frequenciesOf(training) };
  const evaluations = placements.map((placement) => ({ placement, evaluation: createEvaluation(catalogue, length) }));
  const sessions = new Map(
    (await readTestSessions(clicksFile(split))).map(({ sessionId, itemIds }) => [sessionId, itemIds]),
  );
  const seenOf = new Map<string, number>();
  for (const click of await readClicks(split)) {
    const { sessionId } = click;
    const seen = seenOf.get(sessionId) ?? 0;
    const remaining = sessions.get(sessionId)?.slice(seen) ?? [itemOf(click)];
    for (const { placement, evaluation } of seen > 0 ? evaluations : []) {
      const { items } = await recommendation.recommend({ placement, sessionId, limit: length });
      evaluation.add(idsOf(items), remaining);
    }
    await ingest.publish({ events: [click] });
    seenOf.set(sessionId, seen + 1);
  }
  return evaluations.map(({ placement, evaluation }) => ({
    placement,
    mode: 'prequential',
    metrics: evaluation.result(),
  }));
}

function reportOf(result: AccuracyResult): Report {
  const { split, trainingClicks, runs } = result;
  const isTest = split === 'test';
  const rows = runs.flatMap(({ placement, mode, metrics }) => {
    const values = [`${placement}, ${mode}`, ...metricNames.map((name) => metrics[name].toFixed(4))];
    const ratios = ['  ÷ Serenade', ...metricNames.map((name) => (metrics[name] / printed[name]).toFixed(3))];
    return isTest ? [values, ratios] : [values];
  });
  if (isTest) rows.push(['Serenade prints', ...metricNames.map((name) => printed[name].toFixed(4))]);
  return {
    tables: [{ titles: ['@20', ...metricNames], rows }],
    notes: [
      `${trainingClicks} training clicks through PublishStream; ${runs[0]?.metrics.evaluations} evaluations, ${split} sessions.`,
      'The item looked at last is left out of every answer; earlier ones may come again, as in Serenade.',
      'The budget (design.md): MRR@20 of 0.3277; aim 0.355, without tuning on the test sessions.',
    ],
    figures: { ...result, ...(isTest ? { printed } : {}) },
  };
}
