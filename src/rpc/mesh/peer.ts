import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type ChannelCredentials, type ChannelOptions, Client as GrpcJsClient } from '@grpc/grpc-js';
import {
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
} from '../../../gen/grpc/health/v1/health_pb.ts';
import { type Backoff, waitMillis } from '../client/backoff.ts';
import { errorFromServer, isServiceError } from '../client/client-error.ts';
import { localName } from '../health-board.ts';
import type { Log } from '../log.ts';
import type { Address } from './addresses.ts';
import { PeerCalls } from './peer-calls.ts';

export interface PeerOptions {
  readonly credentials: ChannelCredentials;
  readonly channelOptions: ChannelOptions;
  /** Services that it is asked about. */
  readonly services: readonly string[];
  readonly log: Log;
  /** Told after each change of what it serves. */
  readonly onChange: () => void;
}

/** The waits before it is asked again what it serves. */
const backoff: Backoff = { firstMillis: 100, longestMillis: 2_000 };
const mebibyte = 1024 * 1024;

/**
 * Another process of the mesh: one connection, and for each service a word on whether it runs it itself and serves, which it
 * keeps up to date (`Health.Watch`). A process that is away is asked again for as long as it is named.
 */
export class Peer {
  readonly address: Address;
  readonly client: GrpcJsClient;
  readonly calls = new PeerCalls();
  readonly #options: PeerOptions;
  readonly #serving = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #watches = new Set<{ cancel(): void }>();
  #isThere = false;
  #isAway = false;
  #isClosed = false;

  constructor(address: Address, options: PeerOptions) {
    this.address = address;
    this.#options = options;
    this.client = new GrpcJsClient(address.target, options.credentials, {
      'grpc.default_authority': address.authority,
      'grpc.max_receive_message_length': 64 * mebibyte,
      'grpc.max_send_message_length': 64 * mebibyte,
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.initial_reconnect_backoff_ms': backoff.firstMillis,
      'grpc.max_reconnect_backoff_ms': backoff.longestMillis,
      'grpc-node.flow_control_window': 4 * mebibyte,
      // A connection of its own, with nothing left over from one that was lost.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.service_config_disable_resolution': 1,
      'grpc.enable_channelz': 0,
      // Which peer gets a second attempt is decided above.
      'grpc.enable_retries': 0,
      ...options.channelOptions,
    });
    for (const service of options.services) this.#watch(service, 0);
  }

  /** Whether it was heard of, and is not lost. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** Whether it runs the service itself, and serves. */
  serves(service: string): boolean {
    return this.#serving.has(service);
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const watch of this.#watches) watch.cancel();
    this.client.close();
  }

  #watch(service: string, failures: number): void {
    const call = this.client.makeServerStreamRequest(
      '/grpc.health.v1.Health/Watch',
      (message: Uint8Array) => Buffer.from(message),
      (bytes: Buffer) => fromBinary(HealthCheckResponseSchema, bytes),
      toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service: localName(service) })),
    );
    let misses = failures;
    this.#watches.add(call);
    call.on('data', ({ status }: { readonly status: HealthCheckResponse_ServingStatus }) => {
      misses = 0;
      this.#set(service, status === HealthCheckResponse_ServingStatus.SERVING);
      this.#back();
    });
    call.on('error', (error: unknown) => this.#away(error));
    call.on('close', () => {
      this.#watches.delete(call);
      this.#set(service, false);
      this.#again(service, misses + 1);
    });
  }

  #again(service: string, failures: number): void {
    if (this.#isClosed) return;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#watch(service, failures);
      },
      waitMillis(backoff, failures),
    );
    this.#timers.add(timer);
  }

  #set(service: string, serves: boolean): void {
    if (this.#isClosed || this.#serving.has(service) === serves) return;
    if (serves) this.#serving.add(service);
    else this.#serving.delete(service);
    this.#options.onChange();
  }

  #away(error: unknown): void {
    this.#isThere = false;
    if (this.#isClosed || this.#isAway) return;
    this.#isAway = true;
    const problem = isServiceError(error) ? errorFromServer(error, this.address.target).message : String(error);
    this.#options.log.warn({ peer: this.address.target, problem }, 'a process of the mesh is away');
  }

  #back(): void {
    this.#isThere = true;
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#options.log.info({ peer: this.address.target }, 'a process of the mesh is back');
  }
}
