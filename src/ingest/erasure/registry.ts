/** Who was erased or is being erased, and the ledger that keeps it across a restart. */

import { fromBinary } from '@bufbuild/protobuf';
import { EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Digester } from './digester.ts';
import { type ErasedId, ErasedIds } from './erased-ids.ts';
import type { Ledger, LedgerStore } from './ledger.ts';
import { payloads, RecordIds } from './record-ids.ts';

/** A user who is to be erased. */
export interface Erasure {
  readonly user: ErasedId;
  /** Its record lies behind this sequence. */
  readonly after: number;
}

export interface RegistryOptions {
  readonly journal: Pick<Journal, 'read' | 'status'>;
  readonly digester: Digester;
  readonly store: LedgerStore;
}

export class ErasureRegistry {
  readonly #options: RegistryOptions;
  /** Whose events are turned away. */
  readonly #turnedAway: ErasedIds;
  #ids: readonly ErasedId[] = [];
  #plan: readonly ErasedId[] = [];
  readonly #begun = new Set<Erasure>();
  /** Their record is durable. */
  readonly #waiting = new Set<Erasure>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#turnedAway = new ErasedIds(options.digester);
  }

  /** False: nobody was ever erased. */
  get isNeeded(): boolean {
    return !this.#turnedAway.isEmpty;
  }

  /** Whether somebody is erased or about to be. */
  get isBusy(): boolean {
    return this.#begun.size > 0;
  }

  /** Those whose record is durable and who are not erased yet. */
  get waiting(): readonly Erasure[] {
    return [...this.#waiting];
  }

  /** What the last attempt, if it did not finish, was to take away. */
  get plan(): readonly ErasedId[] {
    return this.#plan;
  }

  /** All that was erased before. */
  get ids(): readonly ErasedId[] {
    return this.#ids;
  }

  /**
   * Reads ledger and, where that says so, journal. To be called once, before anything is appended. True: the ledger
   * should be saved, or the next start reads as much of the journal again.
   */
  async load(): Promise<boolean> {
    const { store } = this.#options;
    const ledger = await store.load();
    this.#ids = ledger?.ids ?? [];
    this.#plan = ledger?.plan ?? [];
    for (const id of [...this.#ids, ...this.#plan.filter(isTurnedAway)]) this.#turnedAway.add(id);
    const after = ledger === undefined ? 0 : ledger.unfinishedAfter;
    if (after !== undefined) await this.#findUnfinished(after, ledger?.begun ?? []);
    return ledger === undefined || (after !== undefined && this.#waiting.size === 0);
  }

  /**
   * From the call on the users' events are turned away. Resolves when it is noted durably that they are about to be erased;
   * then their records may be appended.
   */
  async begin(tenant: string, userIds: readonly string[]): Promise<readonly Erasure[]> {
    const after = this.#options.journal.status().lastSequence;
    const erasures = userIds.map((userId) => ({ user: this.#userOf(tenant, userId), after }));
    for (const erasure of erasures) {
      this.#begun.add(erasure);
      this.#turnedAway.add(erasure.user);
    }
    try {
      await this.save();
    } catch (error) {
      for (const erasure of erasures) this.release(erasure);
      throw error;
    }
    return erasures;
  }

  /** Its record is durable. */
  confirm(erasure: Erasure): void {
    this.#waiting.add(erasure);
  }

  /** There will be no record of it: it was known already, or did not become durable. */
  release(erasure: Erasure): void {
    this.#begun.delete(erasure);
    const { digest } = erasure.user;
    const isElsewhere = [...this.#begun].some(({ user }) => user.digest === digest);
    if (!isElsewhere && !this.#ids.some((id) => id.digest === digest)) this.#turnedAway.remove(digest);
  }

  /** The id for which the event is turned away. Somebody else's event from a device of theirs is not. */
  turnedAwayFor(tenant: string, event: Uint8Array, { user, visitor }: RecordIds): 'user_id' | 'visitor_id' | undefined {
    const kind = user.from < user.to ? 'user' : 'visitor';
    const { from, to } = kind === 'user' ? user : visitor;
    if (from === to) return undefined;
    const isTurnedAway = this.#turnedAway.holds(tenant, kind, event, from, to, Number.POSITIVE_INFINITY);
    return isTurnedAway ? `${kind}_id` : undefined;
  }

  /** Adds to what the erasures under way take away, durably; visitors among it are turned away from now on. */
  async extendPlan(found: readonly ErasedId[]): Promise<void> {
    this.#plan = distinct([...this.#plan, ...found]);
    for (const id of found.filter(isTurnedAway)) this.#turnedAway.add(id);
    await this.save();
  }

  /** Nothing of these is left. */
  async finish(erasures: readonly Erasure[]): Promise<void> {
    for (const erasure of erasures) this.#begun.delete(erasure);
    this.#ids = distinct([...this.#ids, ...this.#plan.filter(isTurnedAway)]);
    this.#plan = [];
    await this.save();
    for (const erasure of erasures) this.#waiting.delete(erasure);
  }

  /** Writes the ledger. Rejects with DATA_UNWRITABLE, STORAGE_FULL. */
  save(): Promise<void> {
    return this.#options.store.save(() => this.#ledger());
  }

  #userOf(tenant: string, userId: string): ErasedId {
    const { digester } = this.#options;
    const id = Buffer.from(userId);
    const quick = digester.quick(id, 0, id.length);
    return user(tenant, digester.digest(tenant, 'user', id), quick);
  }

  async #findUnfinished(after: number, begun: readonly ErasedId[]): Promise<void> {
    const { journal } = this.#options;
    const { firstSequence, durableSequence } = journal.status();
    if (durableSequence <= after) return;
    const quick = new Map(begun.map((id) => [id.digest, id.quick]));
    for await (const records of journal.read({ afterSequence: Math.max(after, firstSequence - 1) })) {
      for (const { kind, tenant, event, sequence } of records) {
        const digest = kind === 'event' ? erasedIn(event) : undefined;
        if (digest === undefined) continue;
        const erasure = { user: user(tenant, digest, quick.get(digest)), after: sequence - 1 };
        this.#begun.add(erasure);
        this.#waiting.add(erasure);
        this.#turnedAway.add(erasure.user);
      }
    }
  }

  #ledger(): Ledger {
    const begun = [...this.#begun];
    const unfinishedAfter = begun.length === 0 ? undefined : Math.min(...begun.map(({ after }) => after));
    return { ids: this.#ids, plan: this.#plan, begun: begun.map((erasure) => erasure.user), unfinishedAfter };
  }
}

function user(tenant: string, digest: string, quick: number | undefined): ErasedId {
  return { tenant, kind: 'user', digest, quick, from: 0, to: Number.POSITIVE_INFINITY };
}

function isTurnedAway({ kind, to }: ErasedId): boolean {
  return (kind === 'user' || kind === 'visitor') && to === Number.POSITIVE_INFINITY;
}

/** Each id once for its range; one whose quick number is known stands for one where it is not. */
function distinct(ids: readonly ErasedId[]): readonly ErasedId[] {
  const known = new Map<string, ErasedId>();
  for (const id of ids) {
    const key = `${id.digest} ${id.from} ${id.to}`;
    if (known.get(key)?.quick === undefined) known.set(key, id);
  }
  return [...known.values()];
}

const ids = new RecordIds();

/** The digest in the record of an erasure. */
function erasedIn(event: Uint8Array): string | undefined {
  if (!ids.read(event) || ids.payload !== payloads.userErased) return undefined;
  const { payload } = fromBinary(EventSchema, event);
  if (payload.case !== 'userErased' || payload.value.userDigest.length !== 32) return undefined;
  return Buffer.from(payload.value.userDigest).toString('hex');
}
