import type { GetStateStatusRequest } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../errors.ts';
import { timestampOf } from '../events/timestamp.ts';
import { digestOf } from './fold/digest.ts';
import { TenantState } from './fold/tenant-state.ts';
import { type ReadCall, type Reading, stateFor, whenThere } from './reading.ts';
import type { FollowingStatus } from './state-feed.ts';

interface Known {
  readonly events: number;
  readonly digest: string;
}

/** Finds the digest of a tenant's state at a sequence, away from this thread. */
export type FindDigest = (sequence: number, call: ReadCall) => Promise<string>;

/**
 * Makes what answers `GetStateStatus`. A tenant's digest is kept until its next event. `eligibleItems` is counted anew
 * each time: it changes with the clock.
 */
export function createStateStatus(reading: Reading, findDigest?: FindDigest) {
  const known = new WeakMap<TenantState, Known>();
  const empty = new TenantState(reading.feed.state.settings);

  function digest(tenant: TenantState, isLive: boolean, call: ReadCall): string | Promise<string> {
    const { events } = tenant;
    if (isLive) return liveDigest(tenant);
    const kept = known.get(tenant);
    if (kept?.events === events) return kept.digest;
    const keep = (found: string) => {
      known.set(tenant, { events, digest: found });
      return found;
    };
    if (findDigest === undefined || events === 0) return keep(digestOf(tenant));
    return findDigest(reading.feed.state.sequence, call).then(keep);
  }

  /** While the journal is replayed, parts of the state may be elsewhere. */
  function liveDigest(tenant: TenantState): string {
    if (reading.feed.state.isWhole) return digestOf(tenant);
    throw new PalateError(
      'STATE_BEHIND',
      'the journal is being replayed: the state has a digest when it has caught up',
    );
  }

  return (request: GetStateStatusRequest, call: ReadCall) =>
    whenThere(stateFor(reading.feed, request, call), ({ tenant, sequence }) => {
      const { appendedAtMicros } = reading.feed.state;
      const { lag, following, generation } = reading.feed.status();
      const status = {
        sequence,
        ...(appendedAtMicros === 0 ? {} : { appendedAt: timestampOf(appendedAtMicros) }),
        lag: BigInt(lag),
        generation: BigInt(generation),
        ...(following === undefined ? {} : { following: followingOf(following) }),
        ...(tenant === undefined ? {} : sizesOf(tenant, reading.now())),
      };
      const found = request.omitDigest ? '' : digest(tenant ?? empty, request.liveDigest, call);
      return whenThere(found, (text) => ({ ...status, digest: text }));
    });
}

function followingOf(status: FollowingStatus) {
  const { address, journalId, generation, lastSequence, heardAtMillis, lagMillis, isCurrent } = status;
  return {
    address,
    journalId,
    generation: BigInt(generation),
    lastSequence: BigInt(lastSequence),
    ...(heardAtMillis === undefined ? {} : { heardAt: timestampOf(heardAtMillis * 1_000) }),
    lagMillis: Number.isFinite(lagMillis) ? BigInt(Math.round(lagMillis)) : -1n,
    current: isCurrent,
  };
}

function sizesOf({ catalogue, people, sessions, events }: TenantState, nowMicros: number) {
  return {
    items: BigInt(catalogue.size),
    eligibleItems: BigInt(catalogue.countEligible(nowMicros)),
    people: BigInt(people.size),
    sessions: BigInt(sessions.count),
    events: BigInt(events),
  };
}
