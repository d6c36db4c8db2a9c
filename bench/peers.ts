/** Palate beside other recommenders, in one run on one machine: whoever has built and started them gives their addresses. */

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { RecommendationService } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { grouped } from '../src/commands/progress-bar.ts';
import { PalateError } from '../src/errors.ts';
import { createGrpcClient } from '../src/rpc/client/grpc-client.ts';
import { configOf, evaluateFrozen, metricNames } from './accuracy.ts';
import { type BenchContext, type Benchmark, type BenchValues, countOf, serverOptions, textOf } from './benchmark.ts';
import { readClicks } from './clicks.ts';
import { costOf, type MeasuredServer, startMeasured } from './measured-server.ts';
import type { Metrics } from './metrics.ts';
import { gorseLatency, insertFeedback } from './peers/gorse.ts';
import { publishClicks } from './peers/ours.ts';
import { type Latency, latencyCells, latencyTitles } from './peers/rounds.ts';
import { besideScorers } from './peers/scorers.ts';
import { serenadeAccuracy, serenadeLatency } from './peers/serenade.ts';
import type { Report, ReportTable } from './report.ts';

/** Of our server: what answers as Serenade does, by VMIS-kNN alone; and what is shipped. */
const sessionOnly = 'session-only';
const home = 'home';

export const peers: Benchmark = {
  name: 'peers',
  summary:
    'Beside Serenade, Gorse, BentoML and MLServer, which run already: accuracy, latency, inserts and photos a second',
  options: {
    serenade: { type: 'string', description: 'URL of a Serenade that has learnt bench/data/serenade/train.txt.gz.' },
    gorse: { type: 'string', description: 'URL of a Gorse without data.' },
    bentoml: { type: 'string', description: 'URL of a BentoML that serves models/food, bench/peers/food.' },
    mlserver: { type: 'string', description: 'host:port of the gRPC of an MLServer that does.' },
    photos: { type: 'string', description: 'Folder of JPEGs for them. Default: drawn ones.' },
    concurrency: { type: 'string', description: 'Photos under way at a time. Default: 1,16.' },
    'warm-up': { type: 'string', description: 'Seconds of photos before the first round. Default: 20.' },
    'serenade-pid': { type: 'string', description: 'Its process, to tell what it costs. The same for the others.' },
    'gorse-pid': { type: 'string', description: 'Its process.' },
    'bentoml-pid': { type: 'string', description: 'Its process, with those that it started.' },
    'mlserver-pid': { type: 'string', description: 'Its process, with those that it started.' },
    rate: { type: 'string', description: 'Requests a second. Default: 1000.' },
    'gorse-rate': { type: 'string', description: 'The same beside Gorse. Default: 200.' },
    seconds: { type: 'string', description: 'How long a round takes. Default: 10.' },
    rounds: { type: 'string', description: 'Rounds of each, in turn; the median counts. Default: 3.' },
    feedback: { type: 'string', description: 'Clicks to insert into Gorse and Palate. Default: 20000.' },
    ...serverOptions,
  },
  run,
};

interface Part {
  readonly table: ReportTable;
  readonly notes: readonly string[];
  readonly figures: unknown;
}

async function run(context: BenchContext): Promise<Report> {
  const { values } = context;
  const [serenade, gorse] = [textOf(values, 'serenade'), textOf(values, 'gorse')];
  const [bentoml, mlserver] = [textOf(values, 'bentoml'), textOf(values, 'mlserver')];
  const parts: Part[] = [];
  if (serenade !== undefined) parts.push(...(await besideSerenade(context, serenade)));
  if (gorse !== undefined) parts.push(...(await besideGorse(context, gorse)));
  if (bentoml !== undefined || mlserver !== undefined) parts.push(await besideScorers(context, { bentoml, mlserver }));
  if (parts.length === 0) throw new PalateError('USAGE', 'Give --serenade, --gorse, --bentoml or --mlserver.');
  return {
    tables: parts.map(({ table }) => table),
    notes: parts.flatMap(({ notes }) => notes),
    figures: parts.map(({ figures }) => figures),
  };
}

async function besideSerenade(context: BenchContext, url: string): Promise<Part[]> {
  const { values, progress } = context;
  const clicks = await readClicks('train');
  const server = await start(context);
  try {
    await publishClicks(server.grpc, clicks, 32);
    progress('accuracy of both over the test sessions');
    const metrics = { serenade: await serenadeAccuracy(url), palate: await ourAccuracy(server) };
    const plan = {
      rounds: countOf(values, 'rounds', 3),
      perSecond: countOf(values, 'rate', 1_000),
      seconds: countOf(values, 'seconds', 10),
    };
    progress(`latency: ${plan.rounds} rounds of ${plan.seconds} s each, ${grouped(plan.perSecond)} requests/s`);
    const latencies = await serenadeLatency({
      url,
      ours: server,
      cost: costFrom(values, 'serenade-pid'),
      placement: sessionOnly,
      ...plan,
    });
    return [accuracyPart(metrics), latencyPart('Serenade', latencies, plan)];
  } finally {
    await server.stop();
  }
}

function costFrom(values: BenchValues, option: string) {
  if (values[option] === undefined) return undefined;
  const pid = countOf(values, option, 1);
  return () => costOf(pid);
}

/** A server on a folder of its own, for each peer a fresh one. */
async function start({ values, folder: parent }: BenchContext): Promise<MeasuredServer> {
  const folder = mkdtempSync(join(parent, 'ours-'));
  return startMeasured({ folder, args: ['-c', configOf({}, folder)], profileFolder: textOf(values, 'profile') });
}

async function ourAccuracy(server: MeasuredServer): Promise<Metrics> {
  const { call, close } = createGrpcClient(RecommendationService, server.grpc);
  try {
    return await evaluateFrozen({ recommendation: call }, sessionOnly, 'test', await readClicks('train'));
  } finally {
    close();
  }
}

function accuracyPart(metrics: { readonly serenade: Metrics; readonly palate: Metrics }): Part {
  const cells = (of: Metrics) => metricNames.map((name) => of[name].toFixed(4));
  const rows = [
    ['Serenade, its server', ...cells(metrics.serenade)],
    ['Palate, session-only', ...cells(metrics.palate)],
  ];
  return {
    table: { titles: ['@20', ...metricNames], rows },
    notes: [`${metrics.palate.evaluations} evaluations by one evaluator; both asked over the network.`],
    figures: { peer: 'serenade', accuracy: metrics },
  };
}

interface Pace {
  readonly rounds: number;
  readonly perSecond: number;
  readonly seconds: number;
}

function latencyPart(peer: string, latencies: readonly Latency[], plan: Pace): Part {
  const { rounds, perSecond, seconds } = plan;
  return {
    table: {
      titles: [`beside ${peer}`, ...latencyTitles],
      rows: latencies.map((one) => [one.name, ...latencyCells(one)]),
    },
    notes: [
      `Beside ${peer}: open loop, ${grouped(perSecond)} requests/s, in turn, ${rounds} rounds of ${seconds} s each; the median round of each figure.`,
    ],
    figures: { peer, latencies, plan },
  };
}

async function besideGorse(context: BenchContext, url: string): Promise<Part[]> {
  const { values, progress } = context;
  const clicks = (await readClicks('train')).slice(0, countOf(values, 'feedback', 20_000));
  const server = await start(context);
  try {
    const perSecond: Record<string, number> = {};
    for (const [index, atATime] of [1, 8].entries()) {
      const half = clicks.slice((index * clicks.length) / 2, ((index + 1) * clicks.length) / 2);
      progress(`${grouped(half.length)} clicks into each, ${atATime} batches at a time`);
      perSecond[`Gorse, ${atATime} at a time`] = half.length / (await insertFeedback(url, half, atATime));
      perSecond[`Palate, ${atATime} at a time`] = half.length / (await publishClicks(server.grpc, half, atATime));
    }
    const plan = {
      rounds: countOf(values, 'rounds', 3),
      perSecond: countOf(values, 'gorse-rate', 200),
      seconds: countOf(values, 'seconds', 10),
    };
    progress(`latency: ${plan.rounds} rounds of ${plan.seconds} s each, ${grouped(plan.perSecond)} requests/s`);
    const sessionIds = [...new Set(clicks.map(({ sessionId }) => sessionId))];
    const latencies = await gorseLatency({
      url,
      ours: server,
      cost: costFrom(values, 'gorse-pid'),
      placement: home,
      sessionIds,
      ...plan,
    });
    return [insertPart(perSecond, clicks.length), latencyPart('Gorse', latencies, plan)];
  } finally {
    await server.stop();
  }
}

function insertPart(perSecond: Readonly<Record<string, number>>, clicks: number): Part {
  return {
    table: {
      titles: ['batches of 200', 'events/s'],
      rows: Object.entries(perSecond).map(([name, figure]) => [name, grouped(figure)]),
    },
    notes: [
      `${grouped(clicks)} clicks, half with each number of batches under way. Palate’s are on the disk (fdatasync) and folded; Gorse’s are in its SQLite.`,
    ],
    figures: { peer: 'gorse', eventsPerSecond: perSecond },
  };
}
