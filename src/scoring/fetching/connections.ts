/** Bounds how many connections are open at once, in all and to one host. Who finds none free waits in line. */

import { PalateError } from '../../errors.ts';

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** One slow host can't take all of them. */
  readonly maxConnectionsPerHost: number;
  /** How many may wait for one. */
  readonly maxWaiting: number;
}

interface Waiting {
  readonly host: string;
  readonly resolve: () => void;
}

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #perHost = new Map<string, number>();
  #waiting: Waiting[] = [];
  #open = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Connections in use. */
  get open(): number {
    return this.#open;
  }

  /**
   * Does something that needs one connection to a host.
   * @throws PalateError OVERLOADED where too many wait; also the signal's reason, and what the work throws.
   */
  async use<Result>(host: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    if (this.#isFree(host)) this.#take(host);
    else await this.#wait(host, signal);
    try {
      return await work();
    } finally {
      this.#release(host);
    }
  }

  async #wait(host: string, signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#limits.maxWaiting) {
      throw new PalateError('OVERLOADED', `${this.#waiting.length} photos wait to be fetched, as many as may`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { host, resolve };
    const giveUp = () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      reject(signal.reason);
    };
    this.#waiting.push(waiting);
    signal.addEventListener('abort', giveUp, { once: true });
    await promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  #isFree(host: string): boolean {
    const { maxConnections, maxConnectionsPerHost } = this.#limits;
    return this.#open < maxConnections && (this.#perHost.get(host) ?? 0) < maxConnectionsPerHost;
  }

  #take(host: string): void {
    this.#open += 1;
    this.#perHost.set(host, (this.#perHost.get(host) ?? 0) + 1);
  }

  #release(host: string): void {
    const left = (this.#perHost.get(host) ?? 1) - 1;
    this.#open -= 1;
    if (left === 0) this.#perHost.delete(host);
    else this.#perHost.set(host, left);
    const at = this.#waiting.findIndex((waiting) => this.#isFree(waiting.host));
    if (at === -1) return;
    const [next] = this.#waiting.splice(at, 1);
    this.#take(next!.host);
    next!.resolve();
  }
}
