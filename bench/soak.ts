/**
 * `npm run soak`: a server at half its measured peak for minutes on end. Its users, sessions and items are bounded, so its
 * state levels off; what grows after that is a leak.
 */

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { grouped } from '../src/commands/progress-bar.ts';
import { type BenchContext, type Benchmark, countOf, serverOptions, textOf } from './benchmark.ts';
import { openLoop } from './load/open-loop.ts';
import { type MeasuredServer, startMeasured } from './measured-server.ts';
import { type Publisher, startPublisher } from './publisher.ts';
import { connectRecommendLoad } from './recommend-load.ts';
import type { Report } from './report.ts';
import { photosOf } from './scoring.ts';
import { scorePhotos, untilAtRest } from './soak-photos.ts';
import { type SoakRun, soakReport } from './soak-report.ts';
import { startSampler } from './soak-sampler.ts';
import { soakFailures } from './soak-verdict.ts';

/** A lap of traffic, which then comes again: it has the users, sessions and items of the whole soak. */
const lapSeconds = 4;
/** What the peak is measured with. */
const peakLapEvents = 100_000;
/** Low enough to be reached in the warm-up. */
const itemsPerSession = 20;
const peakEvents = 400_000;
const batchEvents = 200;

export const soak: Benchmark = {
  name: 'soak',
  summary:
    'Minutes at half the peak: memory, lag, event loop, collections; fails where one of them grows or an event is lost',
  options: {
    minutes: { type: 'string', description: 'How long. Default: 10.' },
    seconds: { type: 'string', description: 'How long, in place of --minutes.' },
    events: { type: 'string', description: 'Events a second. Default: half of what was measured beforehand.' },
    rate: { type: 'string', description: 'Recommendations a second meanwhile. Default: 200.' },
    'photos-per-second': { type: 'string', description: 'Photos to score a second meanwhile. Default: none.' },
    photos: { type: 'string', description: 'Folder of these photos. Default: drawn ones.' },
    'snapshot-every': { type: 'string', description: 'Seconds between snapshots. Default: 60.' },
    out: { type: 'string', description: 'Write the figures and each second’s sample there, as JSON.' },
    ...serverOptions,
  },
  async run(context) {
    const outcome = await runSoak(context);
    const failures = soakFailures(outcome);
    const report: Report = { ...soakReport(outcome), failures };
    const out = textOf(context.values, 'out');
    const written = { failures, figures: report.figures, samples: outcome.samples };
    if (out !== undefined) writeFileSync(out, `${JSON.stringify(written, null, 2)}\n`);
    return report;
  },
};

/** Runs it against a server of its own. */
export async function runSoak(context: BenchContext): Promise<SoakRun> {
  const { values, progress, folder } = context;
  const seconds = countOf(values, 'seconds', 60 * countOf(values, 'minutes', 10));
  const config = configFile(folder, countOf(values, 'snapshot-every', 60));
  const publisher = startPublisher();
  try {
    const profileFolder = textOf(values, 'profile');
    const server = await startMeasured({
      folder,
      args: ['-c', config],
      isSampled: true,
      isDigested: true,
      profileFolder,
    });
    const given = values['events'] === undefined ? undefined : countOf(values, 'events', 1);
    const peak = given === undefined ? await measurePeak(server, publisher, context) : { perSecond: 0, accepted: 0 };
    const eventsPerSecond = given ?? Math.floor(peak.perSecond / 2 / 100) * 100;
    await publisher.prepare(workloadOf(2, 1e6 / eventsPerSecond), lapSeconds * eventsPerSecond);
    progress(`${grouped(eventsPerSecond)} events/s for ${seconds} s`);
    server.resetProbe();
    const requestsPerSecond = countOf(values, 'rate', 200);
    const photosPerSecond = values['photos-per-second'] === undefined ? 0 : countOf(values, 'photos-per-second', 1);
    const plan = { eventsPerSecond, requestsPerSecond, photosPerSecond, seconds };
    const during = await underLoad(server, publisher, plan, context);
    const { probe } = await server.stop();
    return {
      ...plan,
      ...during,
      peakEventsPerSecond: peak.perSecond,
      accepted: peak.accepted + during.published.accepted + during.photos.events,
      probe,
      isDigestEqual: await replays(folder, config, [during.digest, probe.served?.digest ?? 'not seen'], progress),
    };
  } finally {
    publisher.stop();
  }
}

/** JSON is YAML. */
function configFile(folder: string, snapshotSeconds: number): string {
  const file = join(folder, 'soak.yaml');
  const recommendation = {
    sessions: { maxItemsPerSession: itemsPerSession },
    snapshots: { every: `${snapshotSeconds}s` },
  };
  writeFileSync(file, JSON.stringify({ recommendation, ingest: { duplicateWindow: 200_000 } }));
  return file;
}

function workloadOf(seed: number, stepMicros: number) {
  return { seed, startMicros: (Date.now() - 3_600_000) * 1_000, stepMicros, items: 20_000 };
}

async function measurePeak(server: MeasuredServer, publisher: Publisher, { progress }: BenchContext) {
  progress(`measuring the peak with ${grouped(peakEvents)} events`);
  await publisher.prepare(workloadOf(1, 50), peakLapEvents);
  const order = { address: server.grpc, streams: 1, batchEvents, laps: { seconds: 5, sessionLaps: 1 } };
  await publisher.publish({ ...order, from: 0, events: peakLapEvents });
  const { seconds, accepted } = await publisher.publish({ ...order, from: peakLapEvents, events: peakEvents });
  progress(`${grouped(accepted / seconds)} events/s at most`);
  return { perSecond: accepted / seconds, accepted: accepted + peakLapEvents };
}

interface LoadPlan {
  readonly eventsPerSecond: number;
  readonly requestsPerSecond: number;
  readonly photosPerSecond: number;
  readonly seconds: number;
}

async function underLoad(server: MeasuredServer, publisher: Publisher, plan: LoadPlan, context: BenchContext) {
  const { eventsPerSecond, requestsPerSecond, photosPerSecond, seconds } = plan;
  const load = await connectRecommendLoad(server.grpc, 3);
  const jpegs = photosPerSecond === 0 ? [] : await photosOf(context);
  const sampler = startSampler(server, context);
  const before = server.cost();
  try {
    const [published, recommended, photos] = await Promise.all([
      publisher.publish({
        address: server.grpc,
        streams: 1,
        batchEvents,
        from: 0,
        events: eventsPerSecond * seconds,
        eventsPerSecond,
        laps: { seconds: lapSeconds, sessionLaps: 1 },
      }),
      openLoop(load, { perSecond: requestsPerSecond, moments: requestsPerSecond * seconds }),
      scorePhotos(server, jpegs, { perSecond: photosPerSecond, moments: photosPerSecond * seconds }),
    ]);
    const cost = server.cost();
    await untilAtRest(server);
    return {
      published,
      recommended,
      photos,
      achievedEventsPerSecond: published.accepted / published.seconds,
      recommendErrors: recommended.errors,
      cpuShare: (cost.cpuSeconds - before.cpuSeconds) / published.seconds,
      deniedShare: (cost.deniedSeconds - before.deniedSeconds) / published.seconds,
      ...(await sampler.stop()),
    };
  } finally {
    load.close();
  }
}

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Folds the journal again, whole, in another process; all these digests must be its. */
async function replays(
  folder: string,
  config: string,
  others: readonly string[],
  progress: BenchContext['progress'],
): Promise<boolean> {
  progress('folding the whole journal again');
  const args = [main, 'replay', '-c', config, '--data', join(folder, 'data'), '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 });
  const { digests } = JSON.parse(stdout) as { digests: Record<string, string> };
  return others.every((digest) => digest === digests['']);
}
