import type { GetStateStatusRequest } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { timestampOf } from '../events/timestamp.ts';
import { digestOf } from './fold/digest.ts';
import { TenantState } from './fold/tenant-state.ts';
import { type ReadCall, type Reading, stateFor, whenThere } from './reading.ts';

interface Known {
  readonly events: number;
  readonly digest: string;
}

/**
 * Makes what answers `GetStateStatus`. A tenant's digest is kept until its next event. `eligibleItems` is counted anew
 * each time: it changes with the clock.
 */
export function createStateStatus(reading: Reading) {
  const known = new WeakMap<TenantState, Known>();

  const empty = new TenantState(reading.feed.state.settings);

  function digest(tenant: TenantState): string {
    const kept = known.get(tenant);
    if (kept?.events === tenant.events) return kept.digest;
    const fresh = { events: tenant.events, digest: digestOf(tenant) };
    known.set(tenant, fresh);
    return fresh.digest;
  }

  return (request: GetStateStatusRequest, call: ReadCall) =>
    whenThere(stateFor(reading.feed, request, call), ({ tenant, sequence }) => {
      const { appendedAtMicros } = reading.feed.state;
      return {
        sequence,
        ...(appendedAtMicros === 0 ? {} : { appendedAt: timestampOf(appendedAtMicros) }),
        lag: BigInt(reading.feed.status().lag),
        ...(tenant === undefined ? {} : sizesOf(tenant, reading.now())),
        digest: request.omitDigest ? '' : digest(tenant ?? empty),
      };
    });
}

function sizesOf({ catalogue, people, sessions, events }: TenantState, nowMicros: number) {
  let eligible = 0;
  for (let item = 0; item < catalogue.size; item++) if (catalogue.isEligible(item, nowMicros)) eligible += 1;
  return {
    items: BigInt(catalogue.size),
    eligibleItems: BigInt(eligible),
    people: BigInt(people.size),
    sessions: BigInt(sessions.size),
    events: BigInt(events),
  };
}
