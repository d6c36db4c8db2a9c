/**
 * What our layer costs: a trivial unary call through every interceptor, beside a bare grpc-js echo of the same messages
 * with the same codecs, in calls per CPU-second of the server. Each server runs in a process of its own; both are
 * loaded in turn, so that the noise of the machine meets both.
 *
 *     node bench/unary.ts
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import {
  RecommendationService,
  type RecommendRequest,
  RecommendRequestSchema,
  type RecommendResponse,
  RecommendResponseSchema,
} from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { bindService } from '../src/rpc/handlers.ts';
import { createHealthBoard } from '../src/rpc/health-board.ts';
import { createRpcServer } from '../src/rpc/server/rpc-server.ts';

/** Calls per CPU-second of the server: the median of the rounds. */
export interface UnaryBench {
  readonly bare: number;
  readonly palate: number;
  /** palate ÷ bare: the median of the rounds' ratios. */
  readonly ratio: number;
}

type Kind = 'bare' | 'palate';

const path = '/palate.recommendation.v1.RecommendationService/Recommend';
const concurrency = 64;
const callsPerRound = 12_000;

/** Runs the comparison. It takes about two seconds a round. */
export async function benchUnary(rounds = 7): Promise<UnaryBench> {
  const bare = await startTarget('bare');
  const palate = await startTarget('palate');
  await bare.round();
  await palate.round();
  const pairs: { readonly bare: number; readonly palate: number }[] = [];
  for (let round = 0; round < rounds; round++) pairs.push({ bare: await bare.round(), palate: await palate.round() });
  bare.stop();
  palate.stop();
  return {
    bare: median(pairs.map((pair) => pair.bare)),
    palate: median(pairs.map((pair) => pair.palate)),
    ratio: median(pairs.map((pair) => pair.palate / pair.bare)),
  };
}

async function startTarget(kind: Kind) {
  const child = fork(fileURLToPath(import.meta.url), ['--serve', kind]);
  const [address] = (await once(child, 'message')) as [string];
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const cpuMicros = async (): Promise<number> => {
    child.send('cpu');
    const [micros] = (await once(child, 'message')) as [number];
    return micros;
  };
  return {
    async round(): Promise<number> {
      const before = await cpuMicros();
      await load(client, callsPerRound);
      return (callsPerRound * 1e6) / ((await cpuMicros()) - before);
    },
    stop(): void {
      client.close();
      child.disconnect();
    },
  };
}

/** Keeps `concurrency` calls under way until `calls` are done. */
async function load(client: Client, calls: number): Promise<void> {
  const bytes = Buffer.from(
    toBinary(RecommendRequestSchema, create(RecommendRequestSchema, { placement: 'home', userId: 'u1' })),
  );
  const identity = (value: Buffer): Buffer => value;
  let left = calls;
  const call = (): Promise<void> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, identity, identity, bytes, new Metadata(), {}, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  const worker = async (): Promise<void> => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

async function serve(kind: Kind): Promise<void> {
  const address = kind === 'bare' ? await serveBare() : await servePalate();
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.(address);
}

function serveBare(): Promise<string> {
  const server = new Server();
  const echo = (
    call: ServerUnaryCall<RecommendRequest, RecommendResponse>,
    callback: sendUnaryData<RecommendResponse>,
  ): void => callback(null, create(RecommendResponseSchema, { recommendationId: call.request.placement }));
  server.register(
    path,
    echo,
    (answer: RecommendResponse) => Buffer.from(toBinary(RecommendResponseSchema, answer)),
    (bytes: Buffer) => fromBinary(RecommendRequestSchema, bytes),
    'unary',
  );
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    );
  });
}

async function servePalate(): Promise<string> {
  const service = bindService(RecommendationService, {
    recommend: ({ placement }) => ({ recommendationId: placement }),
  });
  const server = createRpcServer({
    host: '127.0.0.1',
    port: 0,
    httpPort: 0,
    services: [service],
    health: createHealthBoard(),
  });
  await server.start();
  return server.address().grpc;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

if (process.argv[2] === '--serve') await serve(process.argv[3] as Kind);
else if (import.meta.main) console.table(await benchUnary());
