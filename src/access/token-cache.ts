import { PalateError } from '../errors.ts';
import type { Caller } from './caller.ts';

export interface TokenCacheOptions {
  /** Verifies a token that is not remembered. */
  readonly verify: (token: string) => Promise<Caller>;
  /** So many are remembered; those used least recently go first. */
  readonly maxTokens: number;
  /** A token is verified again after so long, however long it lives. */
  readonly cacheMillis: number;
  /** So many may be verified at a time; it is work for the threads that also write the journal. Default: 512. */
  readonly maxPending?: number;
}

interface Remembered {
  readonly caller: Caller;
  readonly untilMillis: number;
}

/**
 * Remembers verified tokens by their digests, in two generations: what is used moves to the young one; when that is full, it
 * becomes the old one, and what nobody used meanwhile is gone.
 */
export class TokenCache {
  readonly #options: TokenCacheOptions;
  readonly #pending = new Map<string, Promise<Caller>>();
  #young = new Map<string, Remembered>();
  #old = new Map<string, Remembered>();

  constructor(options: TokenCacheOptions) {
    this.#options = options;
  }

  /** The caller of a token that was verified before; undefined: verify it. */
  find(digest: string, nowMillis: number): Caller | undefined {
    const young = this.#young.get(digest);
    const found = young ?? this.#old.get(digest);
    if (found === undefined || nowMillis >= found.untilMillis) return undefined;
    if (young === undefined) this.#remember(digest, found);
    return found.caller;
  }

  /** Verifies a token, once for all who ask at the same time. */
  verify(digest: string, token: string): Promise<Caller> {
    const { verify, cacheMillis, maxPending = 512 } = this.#options;
    const under = this.#pending.get(digest);
    if (under !== undefined) return under;
    if (this.#pending.size >= maxPending) {
      const message = 'more new tokens came at once than are verified at a time';
      return Promise.reject(new PalateError('OVERLOADED', message, { retryAfterMillis: 200 }));
    }
    const running = verify(token)
      .then((caller) => {
        const untilMillis = Math.min(caller.expiresAtMillis, Date.now() + cacheMillis);
        this.#remember(digest, { caller, untilMillis });
        return caller;
      })
      .finally(() => this.#pending.delete(digest));
    this.#pending.set(digest, running);
    return running;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #remember(digest: string, remembered: Remembered): void {
    if (this.#young.size >= this.#options.maxTokens / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(digest, remembered);
    this.#old.delete(digest);
  }
}
