/**
 * Palate as a library: the same services in one's own process, without ports, and the client for a server elsewhere.
 *
 * @example
 * const palate = await openPalate({ dataFolder: './data' });
 * await palate.ingest.publish({ events: [...] });
 * const { items } = await palate.recommendation.recommend({ placement: 'home', sessionId: 's1' });
 * await palate.close();
 */

import type { DescService } from '@bufbuild/protobuf';
import { IngestService } from '../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { ScoringService } from '../gen/palate/scoring/v1/scoring_pb.ts';
import { assembleServices, createLifecycle } from './commands/assemble.ts';
import { loadConfig } from './config.ts';
import { PalateError } from './errors.ts';
import type { Client, ClientCallOptions } from './rpc/client/client.ts';
import { createMemoryClient } from './rpc/client/memory-client.ts';
import type { BoundService } from './rpc/handlers.ts';
import { type Log, silentLog } from './telemetry/log.ts';

export { EventSchema } from '../gen/palate/event/v1/event_pb.ts';
export { IngestService } from '../gen/palate/ingest/v1/ingest_pb.ts';
export { RecommendationService } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
export { ScoringService } from '../gen/palate/scoring/v1/scoring_pb.ts';
export { isPalateError, PalateError, type Reason, reasons } from './errors.ts';
export { newUuid as newEventId } from './events/uuid.ts';
export { createGrpcClient, type GrpcClient, type GrpcClientOptions } from './rpc/client/grpc-client.ts';
export type { Client, ClientCallOptions, Log };

export interface PalateOptions {
  /** Where the journal is kept. One process opens it at a time. */
  readonly dataFolder: string;
  /**
   * Any keys of the configuration, as `palate config --describe` lists them: `{ 'journal.durability': 'os' }`. `roles` is
   * `ingest,recommendation` here unless it is set: scoring loads its models at the start, and holds threads for them.
   */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly log?: Log;
}

const defaultRoles = 'ingest,recommendation';

/** Palate within this process. Its clients have the validation, deadlines and errors that callers over gRPC meet. */
export interface Palate {
  readonly ingest: Client<typeof IngestService>;
  readonly recommendation: Client<typeof RecommendationService>;
  /** Undefined unless `roles` names it: `{ roles: 'ingest,recommendation,scoring' }`. */
  readonly scoring: Client<typeof ScoringService> | undefined;
  /** Makes durable what waits, and lets the folder go. */
  close(): Promise<void>;
}

/**
 * Opens a data folder, folds its journal into the state, and resolves when the services answer.
 * Throws PalateError: CONFIG_INVALID, JOURNAL_LOCKED, JOURNAL_CORRUPT, DATA_UNWRITABLE, MODEL_INVALID.
 */
export async function openPalate({ dataFolder, settings = {}, log = silentLog }: PalateOptions): Promise<Palate> {
  const set = Object.entries({ roles: defaultRoles, ...settings }).map(([key, value]) => `${key}=${value}`);
  const config = loadConfig({ env: {}, folder: dataFolder, flags: { data: dataFolder, set } });
  const { services, parts } = await assembleServices(config, log);
  const lifecycle = createLifecycle(parts, config, log);
  await lifecycle.start();
  return {
    ingest: createMemoryClient(boundOf(services, IngestService)),
    recommendation: createMemoryClient(boundOf(services, RecommendationService)),
    scoring: config.roles.includes('scoring') ? createMemoryClient(boundOf(services, ScoringService)) : undefined,
    close: () => lifecycle.stop(),
  };
}

function boundOf<S extends DescService>(services: readonly BoundService[], service: S): BoundService<S> {
  const found = services.find((bound): bound is BoundService<S> => bound.service === service);
  if (found === undefined) throw new PalateError('CONFIG_INVALID', `roles must include the one of ${service.typeName}`);
  return found;
}
