/** One start of a server: turns of calls, each way of tracing beside none. */

import { create, toBinary } from '@bufbuild/protobuf';
import { GetJournalStatusRequestSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { connectGrpcCaller } from '../load/grpc-caller.ts';
import { fill, recommendRequest } from '../mesh/fill.ts';
import { createRandom } from '../random.ts';
import { recommendPath } from '../recommend-load.ts';
import { type Cost, type Way, ways } from './orders.ts';
import { startTracedServer, type TracedServer } from './traced-server.ts';

/**
 * Calls of a turn. What disturbs a machine lasts: neighbouring turns of 50 calls differ by a tenth, those of 400 by a quarter.
 */
export const callsPerTurn = 50;
/** Calls between two batches, which go between turns: of one in a hundred, 50 spans. */
const callsPerBatch: Readonly<Record<Way, number>> = { off: Number.POSITIVE_INFINITY, '1 %': 5_000, all: 300 };
const concurrency = 32;

/** The calls that are measured: one that does next to nothing, and one that apps make. */
const requests = {
  GetJournalStatus: {
    path: '/palate.ingest.v1.IngestService/GetJournalStatus',
    message: toBinary(GetJournalStatusRequestSchema, create(GetJournalStatusRequestSchema)),
  },
  'Recommend, 20 items': { path: recommendPath, message: recommendRequest() },
} as const;

export type CallKind = keyof typeof requests;

export const callKinds = Object.keys(requests) as readonly CallKind[];

/** What a start has shown of one kind of call, traced in one way. Costs are of a call. */
export interface Measured {
  readonly kind: CallKind;
  readonly way: Way;
  /** Turns side by side, of all threads: without tracing, and in this way. */
  readonly pairs: readonly (readonly [number, number])[];
  /** What it cost beyond the turns, a batch each, to hand over what was recorded, and to export it. */
  readonly batches: readonly Cost[];
}

export interface StartOptions {
  /** So long each kind of call is measured. */
  readonly seconds: number;
  /** So long it is made before. */
  readonly warmUpSeconds: number;
}

/** Starts a server over `dataFolder`, whose traces go to `endpoint`, and measures it. */
export async function measureStart(
  dataFolder: string,
  endpoint: string,
  { seconds, warmUpSeconds }: StartOptions,
): Promise<readonly Measured[]> {
  const server = await startTracedServer(dataFolder, endpoint);
  await fill(server.address);
  await server.tell({ kind: 'open' });
  const measured: Measured[] = [];
  for (const kind of callKinds) {
    const load = await connectLoad(kind, server.address);
    await measureKind(kind, server, load, warmUpSeconds);
    measured.push(...(await measureKind(kind, server, load, seconds)));
    load.close();
  }
  await server.stop();
  return measured;
}

async function measureKind(
  kind: CallKind,
  server: TracedServer,
  load: TurnLoad,
  seconds: number,
): Promise<readonly Measured[]> {
  const trials = ways.map((way) => openTrial(kind, way, server, load));
  const endsAt = performance.now() + seconds * 1_000;
  // By lot: what comes after what, and what after a batch, is not to go with any of them.
  const random = createRandom(1);
  while (performance.now() < endsAt) await trials[random.below(trials.length)]!.addPair(random.below(2) === 0);
  for (const way of ways) await server.tell({ kind: 'flush', way });
  return trials.map((trial) => trial.measured());
}

/** Turns of one way beside turns without tracing. */
function openTrial(kind: CallKind, way: Way, server: TracedServer, load: TurnLoad) {
  const pairs: (readonly [number, number])[] = [];
  const batches: Cost[] = [];
  let waitingCalls = 0;

  const turn = async (traced: Way): Promise<number> => {
    const before = await server.tell({ kind: 'trace', way: traced });
    await load.turn();
    const after = await server.tell({ kind: 'trace', way: 'off' });
    return (after.process - before.process) / callsPerTurn;
  };
  return {
    async addPair(isOffFirst: boolean): Promise<void> {
      const [first, second] = [await turn(isOffFirst ? 'off' : way), await turn(isOffFirst ? way : 'off')];
      pairs.push(isOffFirst ? [first, second] : [second, first]);
      waitingCalls += callsPerTurn;
      if (waitingCalls < callsPerBatch[way]) return;
      const { thread, process } = await server.tell({ kind: 'flush', way });
      batches.push({ thread: thread / waitingCalls, process: process / waitingCalls });
      waitingCalls = 0;
      // The server has waited: what comes first pays for that.
      await load.turn();
    },
    measured: (): Measured => ({ kind, way, pairs, batches }),
  };
}

interface TurnLoad {
  /** Makes the calls of a turn. Rejects where one of them fails. */
  turn(): Promise<void>;
  close(): void;
}

async function connectLoad(kind: CallKind, address: string): Promise<TurnLoad> {
  const { path, message } = requests[kind];
  const caller = await connectGrpcCaller(address, path);
  const prepared = caller.prepare(message);
  return {
    turn() {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      let [begun, ended] = [0, 0];
      const next = (): void => {
        if (begun++ < callsPerTurn) caller.call(prepared, answered);
      };
      const answered = (isOk: boolean): void => {
        if (!isOk) reject(new Error(`a call of ${path} failed`));
        else if (++ended === callsPerTurn) resolve();
        else next();
      };
      for (let worker = 0; worker < concurrency; worker++) next();
      return promise;
    },
    close: () => caller.close(),
  };
}
