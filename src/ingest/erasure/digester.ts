/**
 * Keyed digests of ids: HMAC-SHA-256 (RFC 2104) over tenant, kind and id, each closed by a zero byte but the last. One
 * who lacks the key can neither find the id behind a digest nor try ids out.
 */

import { createHash, type Hash } from 'node:crypto';

/** What an id names. The last three are things of a person. */
export type IdKind = 'user' | 'visitor' | 'session' | 'order' | 'image' | 'recommendation';

/** Of SHA-256, in bytes. */
const blockBytes = 64;
/** Prefixes that are kept hashed; tenants are many more than those that ever erase. */
const maxPrefixes = 1_024;

export class Digester {
  readonly #inner: Hash;
  readonly #outer: Hash;
  readonly #seed: number;
  readonly #prefixes = new Map<string, Hash>();

  constructor(key: Uint8Array) {
    this.#inner = createHash('sha256').update(padded(key, 0x36));
    this.#outer = createHash('sha256').update(padded(key, 0x5c));
    this.#seed = Buffer.from(this.#finish(this.#inner.copy().update('quick')), 'hex').readInt32LE();
  }

  /** 64 hexadecimal digits that tell whether a key is this one. */
  get check(): string {
    return this.#finish(this.#inner.copy().update('check'));
  }

  /** 64 hexadecimal digits. `id`: its UTF-8. */
  digest(tenant: string, kind: IdKind, id: Uint8Array): string {
    return this.#finish(this.#prefix(tenant, kind).copy().update(id));
  }

  /** A number of 32 bits that rules nearly every other id out: cheap, and no secret where the key is none. */
  quick(bytes: Uint8Array, from: number, to: number): number {
    let hash = this.#seed ^ (to - from);
    for (let at = from; at < to; at++) {
      hash = Math.imul(hash ^ bytes[at]!, 0x5bd1e995);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #prefix(tenant: string, kind: IdKind): Hash {
    const text = `${tenant}\0${kind}\0`;
    const known = this.#prefixes.get(text);
    if (known !== undefined) return known;
    if (this.#prefixes.size === maxPrefixes) this.#prefixes.clear();
    const prefix = this.#inner.copy().update(text);
    this.#prefixes.set(text, prefix);
    return prefix;
  }

  #finish(inner: Hash): string {
    return this.#outer.copy().update(inner.digest()).digest('hex');
  }
}

/** The key filled up to a block and combined with the pad of RFC 2104. Keys are not longer than a block. */
function padded(key: Uint8Array, pad: number): Uint8Array {
  const block = new Uint8Array(blockBytes).fill(pad);
  for (let at = 0; at < key.length; at++) block[at] = key[at]! ^ pad;
  return block;
}
