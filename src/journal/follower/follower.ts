import { setTimeout as sleep } from 'node:timers/promises';
import { PalateError, type Reason } from '../../errors.ts';
import { type Backoff, waitMillis } from '../../rpc/client/backoff.ts';
import type { ConnectionOptions } from '../../rpc/client/connection.ts';
import type { JournalLog } from '../journal.ts';
import type { FollowAnswer } from './answer.ts';
import { type FollowPlace, subscribeTo } from './subscription.ts';

/** The journal of another process, read over the network. */
export interface Follower {
  /** `host:port` of its owner. */
  readonly address: string;
  /**
   * Everything after a place, in order and each record once, over as many connections as it takes; answers without records tell
   * how far it is. What is not taken is not read. Ends quietly when `signal` aborts.
   *
   * Throws what no new attempt can mend: JOURNAL_CHANGED, SEQUENCE_UNAVAILABLE, FOLLOWERS_DENIED, METHOD_DENIED,
   * TENANT_DENIED, NOT_IMPLEMENTED, MALFORMED_MESSAGE.
   */
  follow(place: FollowPlace, signal: AbortSignal): AsyncGenerator<FollowAnswer, void, undefined>;
}

export interface FollowerOptions {
  /** `host:port` of a server with the role ingest. */
  readonly address: string;
  readonly log: JournalLog;
  /** TLS, certificates and a token. Default: none of them. */
  readonly connection?: ConnectionOptions;
  /** A connection on which nothing is heard for so long is given up. Default: 10,000. */
  readonly silenceMillis?: number;
  /** The waits between attempts to connect. Default: 100 ms to 5 s. */
  readonly backoff?: Backoff;
}

/** A new connection would only hear them again. */
const finalReasons: ReadonlySet<Reason> = new Set<Reason>([
  'JOURNAL_CHANGED',
  'SEQUENCE_UNAVAILABLE',
  'FOLLOWERS_DENIED',
  'METHOD_DENIED',
  'TENANT_DENIED',
  'NOT_IMPLEMENTED',
  'INVALID_REQUEST',
  'MALFORMED_MESSAGE',
]);

/** Follows the journal of the server at `address`. It connects when somebody follows, once for each. */
export function createFollower(options: FollowerOptions): Follower {
  return { address: options.address, follow: (place, signal) => followFrom(place, signal, options) };
}

async function* followFrom(
  from: FollowPlace,
  signal: AbortSignal,
  options: FollowerOptions,
): AsyncGenerator<FollowAnswer, void, undefined> {
  const {
    address,
    log,
    connection,
    silenceMillis = 10_000,
    backoff = { firstMillis: 100, longestMillis: 5_000 },
  } = options;
  let place = from;
  let failures = 0;
  let isLost = false;
  while (!signal.aborted) {
    try {
      for await (const answer of subscribeTo(address, { place, signal, silenceMillis, connection })) {
        if (answer.journalId === '') throw tooOld(address);
        if (isLost) log.info({ owner: address, sequence: place.afterSequence }, 'following again');
        isLost = false;
        failures = 0;
        place = { afterSequence: answer.throughSequence, journalId: answer.journalId };
        yield answer;
      }
    } catch (thrown) {
      const error = PalateError.from(thrown);
      if (finalReasons.has(error.reason)) throw explained(error, address, place);
      const fields = { owner: address, sequence: place.afterSequence, problem: error.message };
      if (!isLost) log.warn(fields, 'nothing comes from the journal that is followed: trying again');
      isLost = true;
    }
    failures += 1;
    await sleep(waitMillis(backoff, failures), undefined, { signal }).catch(() => undefined);
  }
}

/** The owner's own words, and what they mean for a follower. */
function explained(error: PalateError, address: string, { afterSequence }: FollowPlace): PalateError {
  const more = adviceFor(error.reason, afterSequence);
  if (more === undefined) return error;
  return new PalateError(error.reason, `cannot follow ${address}: ${error.message}; ${more}`, {
    cause: error,
    metadata: error.metadata,
  });
}

function adviceFor(reason: Reason, afterSequence: number): string | undefined {
  switch (reason) {
    case 'SEQUENCE_UNAVAILABLE':
      return `what comes after ${afterSequence} is not there (any more): start from a newer snapshot, copied from the owner`;
    case 'JOURNAL_CHANGED':
      return 'start anew with an empty data folder, or give the address of the journal that was followed before';
    case 'FOLLOWERS_DENIED':
    case 'NOT_IMPLEMENTED':
      return 'give the address of a server with the role ingest that allows followers';
    default:
      return undefined;
  }
}

function tooOld(address: string): PalateError {
  return new PalateError(
    'NOT_IMPLEMENTED',
    `the server at ${address} is of a version that cannot be followed: update it`,
  );
}
