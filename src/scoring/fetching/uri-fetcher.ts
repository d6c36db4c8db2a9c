/** Gets the bytes behind an address that a stranger gave. */

import type { IncomingMessage } from 'node:http';
import { isPalateError, PalateError } from '../../errors.ts';
import { type Clock, systemClock } from '../batcher/clock.ts';
import type { Caller } from '../stages/caller.ts';
import { type ConnectionLimits, Connections } from './connections.ts';
import { createGuard, type Destination, type Guard, type GuardOptions } from './guard.ts';
import { type Agents, createAgents, httpGet } from './http-get.ts';
import { Patience, type PatienceOptions } from './patience.ts';
import { readBody } from './read-body.ts';

export interface UriFetcherOptions extends GuardOptions, Partial<PatienceOptions>, Partial<ConnectionLimits> {
  /** What callers' deadlines go by. Default: the machine's. */
  readonly clock?: Clock;
  /** The longest body. */
  readonly maxBytes: number;
  /** Certificates, PEM, to trust in place of those that Node trusts. */
  readonly ca?: string;
}

const defaults = {
  clock: systemClock,
  connectMillis: 3_000,
  firstByteMillis: 5_000,
  totalMillis: 15_000,
  maxConnections: 64,
  maxConnectionsPerHost: 16,
  maxWaiting: 256,
};

const maxRedirects = 3;
const redirects = new Set([301, 302, 303, 307, 308]);
/** Answers after which another attempt may fare better. */
const passing = new Set([408, 425, 429]);

export class UriFetcher {
  readonly #options: PatienceOptions & ConnectionLimits & { readonly maxBytes: number; readonly clock: Clock };
  readonly #guard: Guard;
  readonly #agents: Agents;
  readonly #connections: Connections;

  /** @throws PalateError CONFIG_INVALID where a host of the options is none. */
  constructor(options: UriFetcherOptions) {
    this.#options = { ...defaults, ...options };
    this.#guard = createGuard(options);
    this.#agents = createAgents(options.ca);
    this.#connections = new Connections(this.#options);
  }

  /** Connections in use. */
  get openConnections(): number {
    return this.#connections.open;
  }

  /**
   * @throws PalateError INVALID_REQUEST (no URI), URI_FORBIDDEN, URI_UNREACHABLE, URI_FAILED, FETCH_TIMEOUT, TOO_LARGE,
   * OVERLOADED, DEADLINE_EXCEEDED; also the reason of the caller's signal.
   */
  async fetch(uri: string, caller: Caller): Promise<Uint8Array<ArrayBuffer>> {
    if (!URL.canParse(uri)) throw notAUri();
    const patience = new Patience(this.#options, caller, this.#options.clock);
    try {
      return await this.#follow(new URL(uri), patience);
    } finally {
      patience.end();
    }
  }

  async #follow(first: URL, patience: Patience): Promise<Uint8Array<ArrayBuffer>> {
    let url = first;
    let from: URL | undefined;
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const answer = await this.#connections.use(url.host, patience.signal, () => this.#step(url, from, patience));
      if (answer instanceof Uint8Array) return answer;
      from = url;
      url = answer;
    }
    throw new PalateError('URI_FAILED', `the address redirects more than ${maxRedirects} times`);
  }

  /** The body, or where to go on. */
  async #step(url: URL, from: URL | undefined, patience: Patience): Promise<Uint8Array<ArrayBuffer> | URL> {
    patience.enter('connect');
    try {
      const destination = await this.#guard.check(url, patience.signal, from);
      return await this.#exchange(destination, patience);
    } catch (error) {
      if (patience.signal.aborted) throw patience.signal.reason;
      throw asPalateError(error, url);
    }
  }

  async #exchange(destination: Destination, patience: Patience): Promise<Uint8Array<ArrayBuffer> | URL> {
    const response = await httpGet(destination, this.#agents, patience);
    try {
      const status = response.statusCode ?? 0;
      if (redirects.has(status)) return nextUrl(response, destination.url);
      if (status !== 200) throw badStatus(status);
      return await readBody(response, this.#options.maxBytes);
    } finally {
      // Its end of the connection goes with it, whatever the other side still sends.
      response.on('error', () => undefined).destroy();
    }
  }
}

function nextUrl({ headers: { location = '' } }: IncomingMessage, base: URL): URL {
  if (location === '' || !URL.canParse(location, base.href)) {
    throw new PalateError('URI_FAILED', 'the address redirects to something that is no address');
  }
  return new URL(location, base.href);
}

function badStatus(status: number): PalateError {
  const reason = status >= 500 || passing.has(status) ? 'URI_UNREACHABLE' : 'URI_FAILED';
  return new PalateError(reason, `the address answered with status ${status}`);
}

/** The cause is for the log; what strangers read names nothing but the host that they named. */
function asPalateError(error: unknown, { hostname }: URL): PalateError {
  if (isPalateError(error)) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('HPE_'))
    return new PalateError('URI_FAILED', `${hostname} does not speak HTTP well`, { cause: error });
  return new PalateError('URI_UNREACHABLE', `the connection to ${hostname} failed`, { cause: error });
}

function notAUri(): PalateError {
  const description = 'must be an absolute https address';
  return new PalateError('INVALID_REQUEST', `image_uri ${description}`, {
    violations: [{ field: 'image_uri', description }],
  });
}
