/** Palate, BentoML and MLServer with the same model and the same photos, as a part of `npm run bench -- peers`. */

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchContext, countOf, countsOf } from '../benchmark.ts';
import { startMeasured, treeCpuSecondsOf } from '../measured-server.ts';
import { connectPhotoLoad } from '../scoring/photo-load.ts';
import { photosOf } from '../scoring.ts';
import {
  type ClosableLoad,
  connectBentoml,
  connectMlserver,
  type PhotoSide,
  photoCells,
  photoTitles,
  ratePhotos,
} from './photos.ts';

/** Where they serve. */
export interface ScorerAddresses {
  readonly bentoml: string | undefined;
  readonly mlserver: string | undefined;
}

/** Loads ours, on a folder of its own, and those that are there. */
export async function besideScorers(context: BenchContext, { bentoml, mlserver }: ScorerAddresses) {
  const { values, progress, folder } = context;
  const jpegs = await photosOf(context);
  const plan = {
    concurrencies: countsOf(values, 'concurrency', [1, 16]),
    rounds: countOf(values, 'rounds', 3),
    seconds: countOf(values, 'seconds', 10),
    warmUpSeconds: countOf(values, 'warm-up', 20),
  };
  const server = await startMeasured({ folder: mkdtempSync(join(folder, 'ours-')), isLoopWatched: false });
  const loads: ClosableLoad[] = [];
  const side = (name: string, load: ClosableLoad, cpuSeconds: PhotoSide['cpuSeconds']): PhotoSide => {
    loads.push(load);
    return { name, load, cpuSeconds };
  };
  const treeOf = (option: string) => {
    if (values[option] === undefined) return undefined;
    const pid = countOf(values, option, 1);
    return () => treeCpuSecondsOf(pid);
  };
  try {
    const ours = await connectPhotoLoad({ address: server.grpc, jpegs, firstNumber: 1 });
    const sides = [side('Palate', ours, () => server.cost().cpuSeconds)];
    if (bentoml !== undefined) sides.push(side('BentoML', await connectBentoml(bentoml, jpegs), treeOf('bentoml-pid')));
    if (mlserver !== undefined)
      sides.push(side('MLServer', await connectMlserver(mlserver, jpegs), treeOf('mlserver-pid')));
    progress(`photos: ${plan.rounds} rounds of ${plan.seconds} s each, ${plan.concurrencies.join(' and ')} at a time`);
    const rates = await ratePhotos(sides, plan);
    const rows = rates.map((rate) => [`${rate.name}, ${rate.concurrency} at a time`, ...photoCells(rate)]);
    return {
      table: { titles: ['photos', ...photoTitles], rows },
      notes: [
        `${jpegs.length} photos, models/food, in turn, ${plan.rounds} rounds of ${plan.seconds} s each; the median round of each figure. Ours are new to the server each time, kept on the disk, and events in the journal.`,
      ],
      figures: { peers: 'scorers', rates, plan },
    };
  } finally {
    for (const load of loads) load.close();
    await server.stop();
  }
}
