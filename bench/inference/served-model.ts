/** A model of any server of the Open Inference Protocol: what it takes, and what the server says that it costs. */

import {
  GRPCInferenceService,
  type ModelConfigResponse,
  type ModelStatisticsResponse,
} from '../../gen/grpc_service_pb.ts';
import { isPalateError, PalateError } from '../../src/errors.ts';
import { createGrpcClient, type GrpcClient } from '../../src/rpc/client/grpc-client.ts';

export type InferenceClient = GrpcClient<typeof GRPCInferenceService>;

/** A tensor of the metadata. */
export interface ModelTensor {
  readonly name: string;
  readonly datatype: string;
  /** -1: any. */
  readonly shape: readonly number[];
}

export interface ServedModel {
  readonly name: string;
  /** Empty: the server's default. */
  readonly version: string;
  /** As `triton 2.58.0`. */
  readonly server: string;
  readonly inputs: readonly ModelTensor[];
  /** Of one request; undefined: the server does not say. */
  readonly maxBatch: number | undefined;
  readonly client: InferenceClient;
  /** The server's counters of the model; undefined: it has none. */
  statistics(): Promise<ModelStatisticsResponse | undefined>;
}

export interface ModelAddress {
  /** `HOST:PORT`. */
  readonly address: string;
  readonly name: string;
  readonly version: string;
}

const probeMillis = 10_000;

/**
 * Asks a server for a model. Triton's additions may be missing. Throws UNREACHABLE, and USAGE where the model is not there or is one
 * that cannot be measured.
 */
export async function askForModel({ address, name, version }: ModelAddress): Promise<ServedModel> {
  // No second tries: they would hide failures.
  const client = createGrpcClient(GRPCInferenceService, address, { attempts: 1, timeoutMillis: probeMillis });
  try {
    const metadata = await client.call.modelMetadata({ name, version });
    const server = await client.call.serverMetadata({});
    const config = await ifThere(client.call.modelConfig({ name, version }));
    refuseDecoupled(config, name);
    const hasStatistics = (await ifThere(client.call.modelStatistics({ name, version }))) !== undefined;
    return {
      name,
      version,
      server: `${server.name} ${server.version}`.trim(),
      inputs: metadata.inputs.map((input) => ({ ...input, shape: input.shape.map(Number) })),
      maxBatch: config?.config?.maxBatchSize,
      client,
      statistics: async () => (hasStatistics ? client.call.modelStatistics({ name, version }) : undefined),
    };
  } catch (error) {
    client.close();
    if (!isPalateError(error) || error.reason === 'USAGE' || error.reason === 'UNREACHABLE') throw error;
    const asked = `model ${name}${version === '' ? '' : ` ${version}`} at ${address}`;
    throw new PalateError('USAGE', `There is no answer about ${asked}: ${error.message}`, { cause: error });
  }
}

/** Undefined: the server has no such method. */
async function ifThere<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isPalateError(error) && error.reason === 'NOT_IMPLEMENTED') return undefined;
    throw error;
  }
}

function refuseDecoupled(config: ModelConfigResponse | undefined, name: string): void {
  if (config?.config?.modelTransactionPolicy?.decoupled !== true) return;
  throw new PalateError(
    'USAGE',
    `${name} answers a request any number of times (decoupled): that is not measured here.`,
  );
}
