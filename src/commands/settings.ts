/** The configuration in the terms of the parts it goes to. */
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { defaultFoldSettings, type FoldSettings } from '../recommendation/fold/settings.ts';
import type { SessionKnnSettings } from '../recommendation/strategies/neighbours.ts';
import type { SessionStanSettings } from '../recommendation/strategies/session-stan.ts';
import type { RpcOptions } from '../rpc/options.ts';

export function rpcOptions({ rpc }: Config): Partial<RpcOptions> {
  return {
    defaultTimeoutMillis: rpc.defaultTimeoutMillis,
    maxTimeoutMillis: rpc.maxTimeoutMillis,
    receiveMaxBytes: rpc.maxReceiveBytes,
    sendMaxBytes: rpc.maxSendBytes,
    metadataMaxBytes: rpc.maxMetadataBytes,
    maxConcurrentStreams: rpc.maxConcurrentStreams,
    keepaliveMillis: rpc.keepaliveTimeMillis,
    keepaliveTimeoutMillis: rpc.keepaliveTimeoutMillis,
    maxConnectionAgeMillis: rpc.maxConnectionAgeMillis ?? Number.POSITIVE_INFINITY,
    maxConnectionAgeGraceMillis: rpc.maxConnectionAgeGraceMillis,
    drainMillis: rpc.drainTimeoutMillis,
    corsOrigins: rpc.corsOrigins,
  };
}

/** Whether callers may read the events of all tenants. Without tokens, only those on this machine are known to be ours. */
export function followersAllowed({ host, ingest: { followers } }: Config): boolean {
  return followers === 'allow' || (followers === 'auto' && isLoopback(host));
}

/** Whether callers may load and unload models. */
export function modelsMayChange({ host, scoring: { models } }: Config): boolean {
  return models.control === 'allow' || (models.control === 'auto' && isLoopback(host));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

export function foldSettings({
  recommendation: { sessions, people, items, popularity, coOccurrence },
}: Config): FoldSettings {
  return {
    ...defaultFoldSettings,
    postingLength: sessions.mostRecentSessions,
    itemsPerSession: sessions.maxItemsPerSession,
    maxSessions: sessions.maxSessions,
    maxPeople: people.maxPeople,
    maxItems: items.maxItems,
    sessionGapMicros: sessions.gapMillis * 1_000,
    popularityHalfLifeMicros: popularity.halfLifeMillis * 1_000,
    trendingHalfLifeMicros: popularity.trendingHalfLifeMillis * 1_000,
    coOccurrenceHalfLifeMicros: coOccurrence.halfLifeMillis * 1_000,
    coOccurrenceWindow: coOccurrence.window,
    maxNeighbours: coOccurrence.maxNeighbours,
  };
}

export function sessionKnnSettings({ recommendation: { sessions } }: Config): SessionKnnSettings {
  return {
    lastItems: sessions.lastItems,
    mostRecentSessions: sessions.mostRecentSessions,
    neighbours: sessions.neighbours,
    idfWeighting: sessions.idfWeighting,
  };
}

export function sessionStanSettings({ recommendation: { sessions, stan } }: Config): SessionStanSettings {
  return { mostRecentSessions: sessions.mostRecentSessions, ...stan };
}

export function snapshotFolder({ dataFolder, recommendation: { snapshots } }: Config): string {
  return snapshots.folder === '' ? join(dataFolder, 'snapshots') : snapshots.folder;
}
