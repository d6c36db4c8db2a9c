/** The configuration in the terms of the parts it goes to. */
import { join } from 'node:path';
import type { Caller } from '../access/caller.ts';
import { isLoopbackHost } from '../access/listening.ts';
import { hasCredentials } from '../access/open-access.ts';
import type { Config } from '../config.ts';
import { defaultFoldSettings, type FoldSettings } from '../recommendation/fold/settings.ts';
import type { SessionKnnSettings } from '../recommendation/strategies/neighbours.ts';
import type { SessionStanSettings } from '../recommendation/strategies/session-stan.ts';
import type { RpcOptions } from '../rpc/options.ts';

export function rpcOptions({ rpc, access }: Config): Partial<RpcOptions> {
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
    endStreamsAtExpiry: access.endStreamsAtExpiry,
  };
}

/** Whether a caller may read the events of all tenants: whose credentials are for all, else who is on this machine. */
export function followersAllowed({ host, ingest: { followers } }: Config): (caller: Caller | undefined) => boolean {
  const withoutCredentials = followers === 'allow' || (followers === 'auto' && isLoopbackHost(host));
  return (caller) => {
    if (caller === undefined || caller.isAnonymous) return withoutCredentials;
    return caller.tenants === 'all' && followers !== 'deny';
  };
}

/** Whether callers may load and unload models: where there are credentials, those whose role has the method. */
export function modelsMayChange({ host, scoring: { models }, access }: Config): boolean {
  const { control } = models;
  const isKnown = hasCredentials(access) && !access.allowAnonymous;
  return control === 'allow' || (control === 'auto' && (isKnown || isLoopbackHost(host)));
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
    maxCategories: items.maxCategories,
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

export function journalFolder({ dataFolder }: Config): string {
  return join(dataFolder, 'journal');
}

export function snapshotFolder({ dataFolder, recommendation: { snapshots } }: Config): string {
  return snapshots.folder === '' ? join(dataFolder, 'snapshots') : snapshots.folder;
}
