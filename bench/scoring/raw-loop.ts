/** The bare loop in a process of its own, so that its CPU time is its own. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { readManifest } from '../../src/scoring/models/manifest.ts';
import { readPhotos } from './photos.ts';
import type { RawOrder, RawThread } from './raw.worker.ts';

/** What the loop did in one round. */
export interface RawRound {
  readonly images: number;
  readonly seconds: number;
  /** Of the whole process. */
  readonly cpuSeconds: number;
}

export interface RawLoop {
  round(order: RawOrder): Promise<RawRound>;
  stop(): void;
}

/** As many as the server has instances of a model by default. */
export const rawThreads = Math.min(availableParallelism(), 2);

/** Starts the process over a folder of photos, with the model of another. Its threads are warmed up. */
export async function startRawLoop(photoFolder: string, modelFolder: string): Promise<RawLoop> {
  const child = fork(fileURLToPath(import.meta.url), ['--loop', photoFolder, modelFolder]);
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the bare loop ended with code ${code}`);
  });
  ended.catch(() => undefined);
  const answer = async (): Promise<unknown> => (await Promise.race([once(child, 'message'), ended]))[0];
  await answer();
  return {
    async round(order) {
      child.send(order);
      return (await answer()) as RawRound;
    },
    stop() {
      process.off('exit', endWithUs);
      if (child.connected) child.disconnect();
    },
  };
}

async function serve(photoFolder: string, modelFolder: string): Promise<void> {
  const manifest = readManifest(modelFolder);
  const jpegs = await readPhotos(photoFolder, Number.MAX_SAFE_INTEGER);
  const start = async (): Promise<Worker> => {
    const data: RawThread = { manifest, jpegs };
    const worker = new Worker(new URL('./raw.worker.ts', import.meta.url), { workerData: data });
    await once(worker, 'message');
    return worker;
  };
  const workers = await Promise.all(Array.from({ length: rawThreads }, start));
  process.on('message', async (order: RawOrder) => {
    const startedAt = performance.now();
    const before = process.cpuUsage();
    const counts = await Promise.all(workers.map((worker) => imagesOf(worker, order)));
    const { user, system } = process.cpuUsage(before);
    const images = counts.reduce((sum, count) => sum + count, 0);
    const seconds = (performance.now() - startedAt) / 1_000;
    process.send?.({ images, seconds, cpuSeconds: (user + system) / 1e6 } satisfies RawRound);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}

async function imagesOf(worker: Worker, order: RawOrder): Promise<number> {
  worker.postMessage(order);
  const [images] = (await once(worker, 'message')) as [number];
  return images;
}

if (process.argv[2] === '--loop') await serve(process.argv[3]!, process.argv[4]!);
