/** Servers of one journal that share Redis and S3, for tests of what becomes of them. */

import type { Client } from '@grpc/grpc-js';
import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { call, connect } from '../interop/plain-client.ts';
import { type Scope, type ServedPalate, servePalate } from '../servers/palate-process.ts';
import type { RedisServer } from '../servers/redis.ts';
import type { S3Server } from '../servers/s3.ts';

/** A server, and a client of it. */
export interface Scorer extends ServedPalate {
  readonly client: Client;
}

const settings = (pairs: Readonly<Record<string, string | number | boolean>>) =>
  Object.entries(pairs).flatMap(([key, value]) => ['--set', `${key}=${value}`]);

export function redisArgs({ url }: Pick<RedisServer, 'url'>, more: Readonly<Record<string, string>> = {}): string[] {
  return settings({ 'storage.records.kind': 'redis', 'storage.redis.url': url, ...more });
}

export function s3Args({ endpoint, credentials, region }: S3Server): string[] {
  return settings({
    'storage.objects.kind': 's3',
    'storage.s3.bucket': 'photos',
    'storage.s3.endpoint': endpoint,
    'storage.s3.region': region,
    'storage.s3.pathStyle': true,
    'storage.s3.createBucket': true,
    'storage.s3.accessKeyId': credentials.accessKeyId,
    'storage.s3.secretAccessKey': credentials.secretAccessKey,
    'storage.s3.timeout': '1s',
    'storage.s3.maxAttempts': 2,
  });
}

/** One with all roles, and the journal. */
export async function serveOwner(t: Scope, args: readonly string[], dataFolder?: string): Promise<Scorer> {
  const all = ['--roles', 'ingest,recommendation,scoring', ...args];
  const server = await servePalate(t, { args: all, ...(dataFolder === undefined ? {} : { dataFolder }) });
  return { ...server, client: connect(t, server.grpc) };
}

/** One that scores for the owner's journal. */
export async function serveScorer(t: Scope, owner: ServedPalate, args: readonly string[]): Promise<Scorer> {
  const server = await servePalate(t, { args: ['--roles', 'scoring', '--follow', owner.grpc, ...args] });
  return { ...server, client: connect(t, server.grpc) };
}

export function scoringStatus({ client }: Scorer) {
  return call(client, ScoringService.method.getScoringStatus, {});
}
