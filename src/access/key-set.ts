import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { PalateError } from '../errors.ts';
import type { ReadKeys } from './key-source.ts';

/** What the room needs of a log. */
export interface AccessLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface KeySetOptions {
  readonly read: ReadKeys;
  /** For messages: the file or address. */
  readonly source: string;
  /** Keys older than this are read again, while they go on being used. */
  readonly refreshMillis: number;
  /** The least time between two attempts, whatever comes. */
  readonly cooldownMillis: number;
  /** Keys that could not be read again for so long are not used any more. */
  readonly keepMillis: number;
  readonly log: AccessLog;
  /** Milliseconds that never go back. Default: of this process. */
  readonly now?: () => number;
}

/**
 * The keys that sign tokens (RFC 7517). A key that is not among them makes them be read again, so that an issuer may rotate its
 * keys; no more often than the cooldown, so that made-up key ids cost nothing. While they cannot be read the old ones hold, for
 * a bounded time.
 */
export class KeySet {
  readonly #options: KeySetOptions;
  readonly #now: () => number;
  #find: JWTVerifyGetKey | undefined;
  #readAtMillis = 0;
  #triedAtMillis = Number.NEGATIVE_INFINITY;
  #reading: Promise<boolean> | undefined;
  #isFailing = false;

  constructor(options: KeySetOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Reads the keys, also within the cooldown. False: it failed, and the old ones hold; the log says why. */
  read(): Promise<boolean> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The key of a token's header. Throws jose's errors, and KEYS_UNAVAILABLE where there are none. */
  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    const age = this.#now() - this.#readAtMillis;
    if (this.#find === undefined || age > this.#options.keepMillis) await this.#readUnlessJustTried();
    else if (age > this.#options.refreshMillis) void this.#readUnlessJustTried();
    const find = this.#current();
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !(await this.#readUnlessJustTried())) throw error;
      return this.#current()(header, token);
    }
  };

  #current(): JWTVerifyGetKey {
    const find = this.#find;
    if (find !== undefined && this.#now() - this.#readAtMillis <= this.#options.keepMillis) return find;
    throw new PalateError('KEYS_UNAVAILABLE', 'the keys that sign tokens cannot be read at the moment', {
      retryAfterMillis: this.#options.cooldownMillis,
    });
  }

  async #readUnlessJustTried(): Promise<boolean> {
    if (this.#reading !== undefined) return this.#reading;
    if (this.#now() - this.#triedAtMillis < this.#options.cooldownMillis) return false;
    return this.read();
  }

  async #read(): Promise<boolean> {
    const { read, source, log } = this.#options;
    this.#triedAtMillis = this.#now();
    try {
      this.#find = createLocalJWKSet(await read());
      this.#readAtMillis = this.#now();
      if (this.#isFailing) log.info({ source }, 'the keys that sign tokens can be read again');
      this.#isFailing = false;
      return true;
    } catch (error) {
      if (!this.#isFailing)
        log.warn({ source, error }, 'the keys that sign tokens cannot be read: those known hold for now');
      this.#isFailing = true;
      return false;
    }
  }
}
