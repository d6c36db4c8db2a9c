/** Servers with the same model that are loaded in turn. */

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchContext } from '../benchmark.ts';
import { startMeasured } from '../measured-server.ts';
import { startRemoteSide } from './remote-side.ts';

/** A server that is called with the model `food`. */
export interface Side {
  readonly name: string;
  /** `HOST:PORT` of its gRPC port. */
  readonly address: string;
  /** User and system time so far, of all processes that work for it. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

/** Starts them: ours with its models in its own threads, and ours with its models on two others. */
export async function startSides({ folder }: Pick<BenchContext, 'folder'>, profile?: string): Promise<readonly Side[]> {
  const server = await startMeasured({
    folder: mkdtempSync(join(folder, 'local-')),
    isLoopWatched: false,
    profileFolder: profile,
    args: ['--roles', 'ingest,scoring'],
  });
  const local: Side = {
    name: 'server',
    address: server.grpc,
    cpuSeconds: () => server.cost().cpuSeconds,
    stop: async () => void (await server.stop()),
  };
  try {
    return [local, await startRemoteSide(folder)];
  } catch (error) {
    await local.stop();
    throw error;
  }
}
