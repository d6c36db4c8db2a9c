import type { CompileCondition } from '../expressions/condition-cache.ts';
import type { TenantState } from './fold/tenant-state.ts';
import type { FindPlacement } from './placements.ts';
import type { Ranking, Strategies } from './ranking.ts';
import type { StateFeed } from './state-feed.ts';

/** What the handlers share. */
export interface Reading {
  readonly feed: StateFeed;
  readonly placements: FindPlacement;
  readonly strategies: Strategies;
  readonly compile: CompileCondition;
  /** The wall clock, in microseconds since 1970: it decides what is available, and never changes the state. */
  readonly now: () => number;
}

/** What a handler needs of its call; `Call` of the servers has it. */
export interface ReadCall {
  readonly tenant: string;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; Infinity: none. */
  readonly deadlineMillis: number;
}

/** What every read says of the state it wants. */
export interface ReadRequest {
  readonly minSequence: bigint;
}

/** The state to answer from. It holds until the next await: then more may have been folded. */
export interface Snapshot {
  /** Undefined: the tenant has no events. */
  readonly tenant: TenantState | undefined;
  readonly sequence: bigint;
}

/**
 * The state that a read asked for.
 * Rejects with STATE_BEHIND where `min_sequence` is not reached by the deadline. A read that needs not wait gets its
 * answer at once, without a promise. One that asks for the past does not come here: see `past.ts`.
 */
export function stateFor(feed: StateFeed, request: ReadRequest, call: ReadCall): Snapshot | Promise<Snapshot> {
  const wanted = Number(request.minSequence);
  if (wanted <= feed.state.sequence) return snapshotOf(feed, call.tenant);
  return feed.reached(wanted, call.signal, call.deadlineMillis).then(() => snapshotOf(feed, call.tenant));
}

function snapshotOf({ state }: StateFeed, tenant: string): Snapshot {
  return { tenant: state.tenant(tenant), sequence: BigInt(state.sequence) };
}

/** Hands a value on that may not be there yet, without a promise where it is. */
export function whenThere<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** The ranking of a tenant without events. */
export const emptyRanking: Ranking = { items: [], incomplete: false, position: 0 };
