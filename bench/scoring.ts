/** Photos in, scores out: beside the bare loop of decoding and ONNX Runtime, from the records, in bursts, and beyond the peak. */

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BenchContext, type Benchmark, countOf, countsOf, serverOptions, textOf } from './benchmark.ts';
import { profileTable } from './cpu-profile.ts';
import { startMeasured } from './measured-server.ts';
import { measureBurst, measureCached } from './scoring/known-photos.ts';
import { measureLoopDelay } from './scoring/loop-delay.ts';
import { measureOverload } from './scoring/overload.ts';
import { drawPhotos, readPhotos } from './scoring/photos.ts';
import { startRawLoop } from './scoring/raw-loop.ts';
import { type ScoringRun, scoringReport } from './scoring/report.ts';
import { measureSaturation, type SaturationPlan } from './scoring/saturation.ts';

export const scoring: Benchmark = {
  name: 'scoring',
  summary: 'Photos a CPU-second beside a bare loop of decoding and inference; cached, in a burst, at twice the peak',
  options: {
    photos: { type: 'string', description: 'Folder of JPEGs to score. Default: piles of fruit that are drawn.' },
    count: { type: 'string', description: 'How many different ones. Default: 64.' },
    concurrency: { type: 'string', description: 'Photos under way at a time. Default: 1,4,16,64.' },
    rounds: { type: 'string', description: 'Rounds of the bare loop and the server, in turn. Default: 3.' },
    seconds: { type: 'string', description: 'How long each part takes. Default: 5.' },
    'warm-up': { type: 'string', description: 'Seconds of load before the first part. Default: 30.' },
    burst: { type: 'string', description: 'Times that one photo is sent at once. Default: 1000.' },
    timeout: { type: 'string', description: 'Deadline of a photo beyond the peak, in milliseconds. Default: 1000.' },
    ...serverOptions,
  },
  async run(context) {
    const { run, functions } = await runScoring(context);
    const report = scoringReport(run);
    return functions.length === 0 ? report : { ...report, tables: [...report.tables, profileTable(functions)] };
  },
};

const modelFolder = fileURLToPath(new URL('../models/food', import.meta.url));
/** Times the peak. */
const overloadFactor = 2;
/** Long enough for memory to show where it goes. */
const overloadSeconds = (seconds: number) => seconds * 3;

/** Runs all parts, against servers of its own. */
export async function runScoring(context: BenchContext) {
  const { values, progress, folder } = context;
  const seconds = countOf(values, 'seconds', 5);
  const jpegs = await photosOf(context);
  const raw = await startRawLoop(photoFolder(folder, jpegs), modelFolder);
  const profileFolder = textOf(values, 'profile');
  const server = await startMeasured({ folder, isSampled: true, isLoopWatched: false, profileFolder });
  try {
    const saturation = await measureSaturation({ ...planOf(values), server, raw, jpegs, seconds, progress });
    raw.stop();
    progress('photos that are known, and one that many send at once');
    const cached = await measureCached(server, jpegs, seconds);
    const burst = await measureBurst(server, jpegs[0]!, countOf(values, 'burst', 1_000));
    progress(`${overloadFactor} times the peak`);
    const overload = await measureOverload({
      server,
      jpegs,
      firstNumber: overloadFrom,
      peakPerSecond: saturation.peakPerSecond,
      peakPerCpuSecond: saturation.peakPerCpuSecond,
      factor: overloadFactor,
      timeoutMillis: countOf(values, 'timeout', 1_000),
      seconds: overloadSeconds(seconds),
    });
    const { functions } = await server.stop();
    progress('the event loop, with inference and without');
    const loop = await measureLoopDelay({ folder, jpegs, concurrency: 16, seconds, warmUpSeconds: seconds });
    const run: ScoringRun = { photos: photosIn(jpegs), seconds, saturation, cached, burst, overload, loop };
    return { run, functions };
  } finally {
    raw.stop();
  }
}

/** No number of the parts before. */
const overloadFrom = 1e9;

function planOf(values: BenchContext['values']): Pick<SaturationPlan, 'concurrencies' | 'rounds' | 'warmUpSeconds'> {
  return {
    concurrencies: countsOf(values, 'concurrency', [1, 4, 16, 64]),
    rounds: countOf(values, 'rounds', 3),
    warmUpSeconds: countOf(values, 'warm-up', 30),
  };
}

export async function photosOf({ values, progress }: BenchContext): Promise<readonly Buffer[]> {
  const [folder, count] = [textOf(values, 'photos'), countOf(values, 'count', 64)];
  if (folder !== undefined) return readPhotos(folder, count);
  progress(`drawing ${count} photos`);
  return drawPhotos(1, count);
}

/** Where another process finds them. */
export function photoFolder(parent: string, jpegs: readonly Buffer[]): string {
  const folder = join(mkdtempSync(join(parent, 'photos-')), 'jpeg');
  mkdirSync(folder);
  for (const [index, jpeg] of jpegs.entries()) writeFileSync(join(folder, `${index}.jpg`), jpeg);
  return folder;
}

function photosIn(jpegs: readonly Buffer[]): ScoringRun['photos'] {
  return { count: jpegs.length, meanBytes: jpegs.reduce((sum, { length }) => sum + length, 0) / jpegs.length };
}
