/** `palate.ingest.v1.IngestService`: the handlers, in terms of the generated types. */

import { Durability, IngestService, JournalState } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { PalateError } from '../errors.ts';
import { timestampOf } from '../events/timestamp.ts';
import type { Journal } from '../journal/journal.ts';
import type { Call } from '../rpc/call.ts';
import { type BoundService, bindService, onWire } from '../rpc/handlers.ts';
import { type Backlog, whileRoom } from './backlog.ts';
import { MaskedUsers } from './masked-users.ts';
import { orderedWindow } from './ordered-window.ts';
import type { Publish } from './publish.ts';
import { subscribe } from './subscribe.ts';
import { untilDraining } from './until-draining.ts';

export interface IngestServiceOptions {
  readonly journal: Journal;
  readonly publish: Publish;
  /** How many batches of one stream may be under way at once. */
  readonly maxInFlightBatches: number;
  /** What is under way, over all callers. */
  readonly backlog: Backlog;
  /** How many ids a tenant's duplicate window holds. */
  readonly duplicateWindow: number;
  /** How many erasures are acknowledged and not finished. */
  readonly pendingErasures?: () => number;
  /** How often an idle subscription hears from the server. */
  readonly heartbeatMillis: number;
  /** The same for one that reads all tenants: a follower goes by it to know that it is up to date. */
  readonly followerHeartbeatMillis: number;
  /** May this caller read the records of all tenants? */
  readonly allowFollowers: (caller: Call['caller']) => boolean;
  /** Followers mask them too. */
  readonly masked?: MaskedUsers;
}

const states = {
  open: JournalState.OPEN,
  full: JournalState.FULL,
  failed: JournalState.FAILED,
  closed: JournalState.CLOSED,
} as const;

const durabilities = { disk: Durability.DISK, os: Durability.OS } as const;

export function createIngestService(options: IngestServiceOptions): BoundService<typeof IngestService> {
  const { journal, publish, backlog, masked = new MaskedUsers(), pendingErasures = () => 0 } = options;
  const take = (bytes: Uint8Array, { tenant, trace, caller, span }: Call) =>
    backlog.during(bytes.length, () => publish({ bytes, tenant, trace, span, permitted: caller?.permissions.events }));
  return bindService(IngestService, {
    publish: onWire(async (bytes: Uint8Array, call: Call) => {
      backlog.admit();
      return await take(bytes, call);
    }),
    publishStream: onWire((batches: AsyncIterable<Uint8Array>, call: Call) => {
      const inputs = whileRoom(untilDraining(batches, call.draining), backlog);
      return orderedWindow(inputs, options.maxInFlightBatches, (bytes) => take(bytes, call));
    }),
    subscribe: ({ allTenants, afterSequence, journalId, untilEnd }, call) => {
      if (allTenants && !options.allowFollowers(call.caller)) throw followersDenied();
      return subscribe(journal, {
        tenant: allTenants ? undefined : call.tenant,
        afterSequence: Number(afterSequence),
        journalId,
        untilEnd,
        masked: () => masked.list(pendingErasures()),
        signal: AbortSignal.any([call.signal, call.draining]),
        heartbeatMillis: allTenants ? options.followerHeartbeatMillis : options.heartbeatMillis,
      });
    },
    getJournalStatus: () => ({
      ...journalStatus(journal),
      duplicateWindow: BigInt(options.duplicateWindow),
      pendingErasures: options.pendingErasures?.() ?? 0,
    }),
  });
}

function followersDenied(): PalateError {
  const message =
    'all_tenants: this server shows this caller one tenant only; its token has to be for all tenants, or, where there are no ' +
    'tokens, ingest.followers has to be allow (auto: where it listens on a loopback address only)';
  return new PalateError('FOLLOWERS_DENIED', message);
}

function journalStatus(journal: Journal) {
  const status = journal.status();
  const isEmpty = status.durableSequence === 0;
  return {
    firstSequence: BigInt(isEmpty ? 0 : status.firstSequence),
    lastSequence: BigInt(status.durableSequence),
    ...(isEmpty ? {} : { lastAppendedAt: timestampOf(status.lastAppendedAtMicros) }),
    segments: status.segments,
    sizeBytes: BigInt(status.bytes),
    pendingBytes: BigInt(status.pendingBytes),
    durability: durabilities[status.durability],
    state: states[status.state],
    generation: BigInt(status.generation),
    journalId: status.journalId,
    settledGeneration: BigInt(status.settledGeneration),
  };
}
