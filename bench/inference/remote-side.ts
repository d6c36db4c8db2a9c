/** The same model behind an edge: one server that runs none itself, and two that run it for it, all on this machine. */

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type MeasuredServer, startMeasured } from '../measured-server.ts';
import type { Side } from './sides.ts';

/** As many threads with a model in all as the server beside it has on two cores. */
const scorers = 2;
const scoring = ['--roles', 'ingest,scoring'];

/** CPU time is that of all three. */
export async function startRemoteSide(folder: string): Promise<Side> {
  const servers: MeasuredServer[] = [];
  const start = async (name: string, settings: readonly string[]): Promise<MeasuredServer> => {
    const args = [...scoring, ...settings.flatMap((setting) => ['--set', `scoring.models.${setting}`])];
    const own = mkdtempSync(join(folder, `${name}-`));
    const server = await startMeasured({ folder: own, isLoopWatched: false, args });
    servers.push(server);
    return server;
  };
  const stop = async () => {
    for (const server of servers.toReversed()) await server.stop();
  };
  try {
    for (let scorer = 1; scorer <= scorers; scorer++) await start('scorer', ['instances=1']);
    const addresses = servers.map(({ grpc }) => grpc).join(',');
    const edge = await start('edge', ['provider=remote', `remote.addresses=${addresses}`]);
    const cpuSeconds = () => servers.reduce((sum, server) => sum + server.cost().cpuSeconds, 0);
    return { name: `edge and ${scorers} scorers`, address: edge.grpc, cpuSeconds, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
