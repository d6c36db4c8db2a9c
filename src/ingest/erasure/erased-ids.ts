/** Ids that were erased, known by their keyed digests only. */

import type { Digester, IdKind } from './digester.ts';

export interface ErasedId {
  readonly tenant: string;
  readonly kind: IdKind;
  /** 64 hexadecimal digits, see {@link Digester.digest}. */
  readonly digest: string;
  /** See {@link Digester.quick}. Undefined: not known, as of a digest that was found in the journal. */
  readonly quick?: number | undefined;
  /** The id is theirs from this sequence on … */
  readonly from: number;
  /** … and before this one. Infinity: to the end. */
  readonly to: number;
}

/** Answers that are remembered where an id cannot be ruled out quickly. */
const maxRemembered = 65_536;

export class ErasedIds {
  readonly #digester: Digester;
  readonly #byDigest = new Map<string, ErasedId[]>();
  readonly #quick = new Set<number>();
  /** How many digests have no quick number: while there are any, each id has to be digested. */
  #slow = 0;
  readonly #remembered = new Map<string, readonly ErasedId[] | undefined>();

  constructor(digester: Digester, ids: Iterable<ErasedId> = []) {
    this.#digester = digester;
    for (const id of ids) this.add(id);
  }

  get isEmpty(): boolean {
    return this.#byDigest.size === 0;
  }

  add(id: ErasedId): void {
    const known = this.#byDigest.get(id.digest);
    if (known?.some(({ from, to }) => from === id.from && to === id.to)) return;
    this.#byDigest.set(id.digest, [...(known ?? []), id]);
    this.#remembered.clear();
    if (id.quick === undefined) this.#slow++;
    else this.#quick.add(id.quick);
  }

  /** Takes back all that was added under a digest. */
  remove(digest: string): void {
    this.#slow -= (this.#byDigest.get(digest) ?? []).filter(({ quick }) => quick === undefined).length;
    this.#byDigest.delete(digest);
    this.#remembered.clear();
  }

  has(digest: string): boolean {
    return this.#byDigest.has(digest);
  }

  /** Whether the id from `from` to before `to` was theirs at a sequence; Infinity: is theirs now. */
  holds(tenant: string, kind: IdKind, bytes: Uint8Array, from: number, to: number, sequence: number): boolean {
    if (this.isEmpty) return false;
    if (this.#slow === 0 && !this.#quick.has(this.#digester.quick(bytes, from, to))) return false;
    const found = this.#find(tenant, kind, bytes.subarray(from, to));
    return (
      found?.some((id) => sequence >= id.from && (sequence < id.to || id.to === Number.POSITIVE_INFINITY)) ?? false
    );
  }

  #find(tenant: string, kind: IdKind, id: Uint8Array): readonly ErasedId[] | undefined {
    const key = `${tenant}\0${kind}\0${Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1')}`;
    if (this.#remembered.has(key)) return this.#remembered.get(key);
    const found = this.#byDigest.get(this.#digester.digest(tenant, kind, id));
    if (this.#remembered.size === maxRemembered) this.#remembered.clear();
    this.#remembered.set(key, found);
    return found;
  }
}
