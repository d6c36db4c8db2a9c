/** A server of the Open Inference Protocol with the toy model, over real gRPC, that does as it is told. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  GRPCInferenceService,
  type ModelInferRequest,
  type ModelInferResponseSchema,
  type ModelMetadataResponseSchema,
  type ModelStreamInferResponseSchema,
} from '../../../../gen/grpc_service_pb.ts';
import { PalateError } from '../../../../src/errors.ts';
import type { Call } from '../../../../src/rpc/call.ts';
import { bindService } from '../../../../src/rpc/handlers.ts';
import { createHealthBoard } from '../../../../src/rpc/health-board.ts';
import { createRpcServer, type RpcServerInit } from '../../../../src/rpc/server/rpc-server.ts';
import type { Scope } from '../../models/model-folder.ts';

/** What the server does, to be changed while it runs. */
export interface Script {
  /** The second label of every answer: whose it is. */
  mark: number;
  isReady: boolean;
  hasStreams: boolean;
  /** Before each answer. */
  delayMillis: number;
  /** In place of answers. */
  failure: PalateError | undefined;
  /** In place of answers on a stream, as a server says it that knows no better. */
  errorMessage: string;
  /** Over the true metadata. */
  metadata: MessageInitShape<typeof ModelMetadataResponseSchema>;
  /** Over the true answer. */
  answer: Partial<Exclude<MessageInitShape<typeof ModelInferResponseSchema>, { $typeName: string }>>;
  sha256: string;
}

export interface ScriptedServer {
  readonly address: string;
  readonly script: Script;
  /** The requests for images that came, those before anybody's included. */
  readonly requests: readonly { readonly request: ModelInferRequest; readonly call: Call }[];
  /** How many of them were taken back. */
  readonly cancelled: number;
  readonly streams: number;
  stop(): Promise<void>;
}

const toyMetadata = {
  name: 'toy',
  versions: ['1'],
  inputs: [{ name: 'image', datatype: 'UINT8', shape: [-1n, 2n, 2n, 3n] }],
  outputs: [{ name: 'labels', datatype: 'FP32', shape: [-1n, 2n] }],
};

/** `port`: a free one by default. */
export async function startScripted(
  test: Scope,
  given: Partial<Script> = {},
  port = 0,
  tls?: RpcServerInit['tls'],
): Promise<ScriptedServer> {
  const script: Script = {
    mark: 0,
    isReady: true,
    hasStreams: true,
    delayMillis: 0,
    failure: undefined,
    errorMessage: '',
    metadata: {},
    answer: {},
    sha256: '',
    ...given,
  };
  const requests: { request: ModelInferRequest; call: Call }[] = [];
  const seen = { cancelled: 0, streams: 0 };
  const infer = async (request: ModelInferRequest, call: Call) => {
    requests.push({ request, call });
    if (script.failure !== undefined) throw script.failure;
    if (script.delayMillis > 0 && !(await waited(script.delayMillis, call.signal))) seen.cancelled++;
    return { ...toyAnswer(request, script.mark), ...script.answer };
  };
  const service = bindService(GRPCInferenceService, {
    ...absent,
    modelReady: () => ({ ready: script.isReady }),
    modelMetadata: () =>
      ({ ...toyMetadata, ...script.metadata }) as MessageInitShape<typeof ModelMetadataResponseSchema>,
    modelConfig: () => ({
      config: { name: 'toy', maxBatchSize: 3, parameters: { sha256: { stringValue: script.sha256 } } },
    }),
    modelInfer: infer,
    async *modelStreamInfer(
      asked: AsyncIterable<ModelInferRequest>,
      call: Call,
    ): AsyncGenerator<MessageInitShape<typeof ModelStreamInferResponseSchema>> {
      seen.streams++;
      if (!script.hasStreams) throw new PalateError('NOT_IMPLEMENTED', 'no streams');
      for await (const request of asked) {
        if (script.errorMessage !== '') yield { errorMessage: script.errorMessage, inferResponse: { id: request.id } };
        else yield { inferResponse: await infer(request, call) };
      }
    },
  });
  const options = { drainMillis: 500 };
  const server = createRpcServer({
    host: '127.0.0.1',
    port,
    httpPort: 0,
    services: [service],
    health: createHealthBoard(),
    options,
    tls,
  });
  await server.start();
  test.after(() => server.stop());
  return {
    address: server.address().grpc,
    script,
    requests,
    get cancelled() {
      return seen.cancelled;
    },
    get streams() {
      return seen.streams;
    },
    stop: () => server.stop(),
  };
}

/** The first byte of each image, and the mark. */
function toyAnswer({ id, rawInputContents: [raw = new Uint8Array()] }: ModelInferRequest, mark: number) {
  const values = Array.from({ length: raw.length / 12 }, (_, index) => [raw[index * 12]!, mark]).flat();
  return {
    modelName: 'toy',
    modelVersion: '1',
    id,
    outputs: [{ name: 'labels', datatype: 'FP32', shape: [BigInt(values.length / 2), 2n] }],
    rawOutputContents: [new Uint8Array(Float32Array.from(values).buffer)],
  };
}

/** False: the caller was gone before. */
function waited(millis: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), millis);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

const none = (): never => {
  throw new PalateError('NOT_IMPLEMENTED', 'not in this test');
};
const absent = {
  serverLive: () => ({ live: true }),
  serverReady: () => ({ ready: true }),
  serverMetadata: none,
  modelStatistics: none,
  repositoryIndex: none,
  repositoryModelLoad: none,
  repositoryModelUnload: none,
  systemSharedMemoryStatus: none,
  systemSharedMemoryRegister: none,
  systemSharedMemoryUnregister: none,
  cudaSharedMemoryStatus: none,
  cudaSharedMemoryRegister: none,
  cudaSharedMemoryUnregister: none,
  traceSetting: none,
  logSettings: none,
};
