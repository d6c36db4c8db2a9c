/** From a host's name to its addresses. */

import { lookup, Resolver } from 'node:dns/promises';
import { PalateError } from '../../errors.ts';

/**
 * Finds the addresses of a host, in text form; none: there is no such host, or it has no address.
 * @throws PalateError URI_UNREACHABLE where nobody could be asked; also the signal's reason.
 */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

export interface NameServers {
  /** `address` or `address:port`. Default: those of the machine. */
  readonly servers?: readonly string[];
  /** One question to one server; it is put twice. Default 2 s. */
  readonly queryMillis?: number;
}

/** There is no such name, it has no address of this family, or it can't be a name. */
const noSuchName = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

/**
 * Asks the name servers. For names that strangers give: `getaddrinfo` would hold one of the few threads that files and
 * images need too for as long as a stranger's name server likes, and can't be called off.
 */
export function askNameServers({ servers, queryMillis = 2_000 }: NameServers = {}): Resolve {
  return async (host, signal) => {
    signal.throwIfAborted();
    const resolver = new Resolver({ timeout: queryMillis, tries: 2 });
    if (servers !== undefined) resolver.setServers(servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      signal.throwIfAborted();
      return addressesOf(host, answers);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}

/** One family is enough, and where one says that the name has nothing and the other nothing at all, nobody knows. */
function addressesOf(host: string, answers: readonly PromiseSettledResult<string[]>[]): readonly string[] {
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const failure = answers.find((answer) => answer.status === 'rejected' && !noSuchName.has(codeOf(answer.reason)));
  if (addresses.length === 0 && failure?.status === 'rejected') throw unresolved(host, failure.reason);
  return addresses;
}

/** Asks as every program on this machine does, its `hosts` file and search domains included. For the operator's own names. */
export const askMachine: Resolve = async (host, signal) => {
  try {
    const found = await orAborted(lookup(host, { all: true }), signal);
    return found.map(({ address }) => address);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (noSuchName.has(codeOf(error))) return [];
    throw unresolved(host, error);
  }
};

/** `getaddrinfo` goes on, whoever waits. */
async function orAborted<Result>(result: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([result, promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function unresolved(host: string, cause: unknown): PalateError {
  return new PalateError('URI_UNREACHABLE', `the name ${host} could not be looked up`, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
