/** How late the server's event loop is while its workers have no pause, and under the same requests without inference. */

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { closedLoop, openLoop } from '../load/open-loop.ts';
import { type MeasuredServer, startMeasured } from '../measured-server.ts';
import type { LoopDelay, ProbeReadings } from '../server-probe.ts';
import { askAll } from './known-photos.ts';
import { connectPhotoLoad } from './photo-load.ts';

export interface LoopDelayPlan {
  readonly folder: string;
  readonly jpegs: readonly Buffer[];
  readonly concurrency: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

export interface LoopDelayFigures {
  readonly concurrency: number;
  readonly imagesPerSecond: number;
  readonly saturatedMillis: LoopDelay;
  /** The same number of requests a second, with photos that the server knows. */
  readonly cachedMillis: LoopDelay;
  /** Of the main thread, in the wall time of each. */
  readonly saturatedDeniedShare: number;
  readonly cachedDeniedShare: number;
}

/** A server for each half: its probe says what it saw when it ends. */
export async function measureLoopDelay(plan: LoopDelayPlan): Promise<LoopDelayFigures> {
  const { jpegs, concurrency, seconds, warmUpSeconds } = plan;
  const saturated = await watched(plan, async ({ grpc }, begin) => {
    const load = await connectPhotoLoad({ address: grpc, jpegs, firstNumber: 1 });
    await closedLoop(load, { concurrency, seconds: warmUpSeconds });
    begin();
    const { latencies, seconds: took } = await closedLoop(load, { concurrency, seconds });
    load.close();
    return latencies.length / took;
  });
  const perSecond = Math.max(1, Math.round(saturated.result));
  const cached = await watched(plan, async ({ grpc }, begin) => {
    const load = await connectPhotoLoad({ address: grpc, jpegs });
    await askAll(load, jpegs.length);
    begin();
    await openLoop(load, { perSecond, moments: perSecond * seconds });
    load.close();
  });
  return {
    concurrency,
    imagesPerSecond: saturated.result,
    saturatedMillis: saturated.probe.loopDelayMillis,
    cachedMillis: cached.probe.loopDelayMillis,
    saturatedDeniedShare: saturated.deniedShare,
    cachedDeniedShare: cached.deniedShare,
  };
}

interface Watched<Result> {
  readonly result: Result;
  readonly probe: ProbeReadings;
  readonly deniedShare: number;
}

async function watched<Result>(
  { folder }: LoopDelayPlan,
  load: (server: MeasuredServer, begin: () => void) => Promise<Result>,
): Promise<Watched<Result>> {
  const server = await startMeasured({ folder: mkdtempSync(join(folder, 'loop-')) });
  let [beganAt, deniedBefore] = [0, 0];
  const result = await load(server, () => {
    server.resetProbe();
    [beganAt, deniedBefore] = [performance.now(), server.cost().deniedSeconds];
  });
  const deniedSeconds = server.cost().deniedSeconds - deniedBefore;
  const deniedShare = deniedSeconds / ((performance.now() - beganAt) / 1_000);
  return { result, deniedShare, probe: (await server.stop()).probe };
}
