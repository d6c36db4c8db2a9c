import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';
import { PalateError } from '../../errors.ts';
import type { Part } from '../../lifecycle.ts';
import type { Log } from '../log.ts';
import { type Address, findAddresses, type Resolve } from './addresses.ts';
import { Peer } from './peer.ts';

export interface PeersOptions {
  /** `host:port` or `dns:///host:port`; this process may be among them. */
  readonly addresses: readonly string[];
  /** Services that are asked of them. */
  readonly services: readonly string[];
  readonly credentials: () => ChannelCredentials;
  /** Of each connection, beside its own. */
  readonly channelOptions?: ChannelOptions;
  readonly log: Log;
  /** Names are resolved again so often, and when a peer is lost. Default: 10,000. */
  readonly refreshMillis?: number;
  /** How long a call waits for a peer that serves, when there is none. Default: 1,000. */
  readonly patienceMillis?: number;
  readonly resolve?: Resolve;
}

/** What a call waits with. */
export interface Patience {
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly deadlineMillis: number;
}

/**
 * The other processes of the mesh, and which of them a call goes to: of two that serve, drawn by turns, the one with fewer calls
 * under way.
 */
export class Peers implements Part {
  readonly name = 'other processes of the mesh';
  readonly #options: PeersOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #listeners = new Set<() => void>();
  #addresses: readonly Address[] = [];
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;
  readonly #unserved: Map<string, number>;
  #isClosed = false;
  #turn = 0;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#unserved = new Map(options.services.map((service) => [service, 0]));
  }

  /** Begins to look for them; who is away does not keep anybody. */
  async start(): Promise<void> {
    await this.#refresh();
    this.#timer = setInterval(() => void this.#refresh(), this.#options.refreshMillis ?? 10_000);
  }

  async stop(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
    this.#tell();
  }

  /** Those that are named now, this process perhaps among them. */
  get all(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /** How many calls found nobody that serves, by service; each service that is asked for is there. */
  get unserved(): ReadonlyMap<string, number> {
    return this.#unserved;
  }

  /** Whether any of them serves it. */
  serves(service: string): boolean {
    return this.all.some((peer) => peer.serves(service));
  }

  /** Calls back when what they serve has changed, until the function it returns is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * One that serves the service; where there is another, not `except`.
   * @throws PalateError UNREACHABLE where none does for a while; also the signal's reason, and DEADLINE_EXCEEDED.
   */
  async pick(service: string, patience: Patience, except?: Peer): Promise<Peer> {
    const waitsUntil = Date.now() + (this.#options.patienceMillis ?? 1_000);
    for (;;) {
      const peer = this.#choose(service, except);
      if (peer !== undefined) return peer;
      await this.#changed(patience, Math.min(waitsUntil, patience.deadlineMillis), service);
    }
  }

  #choose(service: string, except: Peer | undefined): Peer | undefined {
    const all = this.all.filter((peer) => peer.serves(service));
    const others = all.length > 1 ? all.filter((peer) => peer !== except) : all;
    if (others.length < 2) return others[0];
    const first = others[this.#turn++ % others.length]!;
    const second = others[this.#turn % others.length]!;
    return second.calls.underWay < first.calls.underWay ? second : first;
  }

  #changed({ signal }: Patience, untilMillis: number, service: string): Promise<void> {
    if (this.#isClosed) throw new PalateError('SHUTTING_DOWN', 'this server is shutting down');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = () => {
      this.#unserved.set(service, (this.#unserved.get(service) ?? 0) + 1);
      reject(nobodyServes(service, this.#addresses));
    };
    const timer = setTimeout(late, Math.max(0, untilMillis - Date.now()));
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    const forget = this.onChange(resolve);
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      forget();
    });
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #look(): Promise<void> {
    const { addresses, log, resolve } = this.#options;
    const onProblem = (name: string, error: unknown) =>
      log.warn({ name, error }, 'a name of the mesh does not resolve');
    const found = await findAddresses(addresses, this.#addresses, onProblem, resolve);
    if (this.#isClosed) return;
    this.#addresses = found;
    const named = new Set(found.map(({ target }) => target));
    for (const [target, peer] of this.#peers) {
      if (named.has(target)) continue;
      this.#peers.delete(target);
      // Its calls may end.
      setTimeout(() => peer.close(), leavingMillis).unref();
    }
    for (const address of found)
      if (!this.#peers.has(address.target)) this.#peers.set(address.target, this.#meet(address));
    this.#tell();
  }

  #meet(address: Address): Peer {
    const { credentials, channelOptions = {}, services, log } = this.#options;
    return new Peer(address, {
      credentials: credentials(),
      channelOptions,
      services,
      log,
      onChange: () => this.#tell(),
    });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** How long calls to a process may go on that is named no more. */
const leavingMillis = 30_000;

function nobodyServes(service: string, addresses: readonly Address[]): PalateError {
  const where =
    addresses.length === 0 ? 'no process of the mesh is found' : `none of ${addresses.length} processes serves`;
  return new PalateError('UNREACHABLE', `${service} runs elsewhere, and ${where}`, {
    retryAfterMillis: 1_000,
    metadata: { service },
  });
}
