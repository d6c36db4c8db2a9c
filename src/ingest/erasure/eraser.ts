/** Carries erasures out: traces who goes, rewrites the journal, and sees to it that no other copy is left. */

import { setTimeout as sleep } from 'node:timers/promises';
import { isPalateError } from '../../errors.ts';
import type { Journal } from '../../journal/journal.ts';
import type { JournalRecord } from '../../journal/record.ts';
import type { Part } from '../../lifecycle.ts';
import type { Log } from '../../rpc/log.ts';
import type { Digester } from './digester.ts';
import { type ErasedId, ErasedIds } from './erased-ids.ts';
import type { Erasure, ErasureRegistry } from './registry.ts';
import { traceThings, traceUserIds, traceVisitors } from './trace.ts';
import { isTheirs } from './whose.ts';

/** What else holds a copy of what the journal held. */
export interface OtherCopies {
  /** Deletes files that were made from the journal before it had this generation: snapshots. */
  readonly removeFiles?: ((generation: number) => Promise<void>) | undefined;
  /** Has the state of these tenants folded anew, if it was folded from an earlier generation. */
  readonly rebuildState?:
    | ((tenants: readonly string[], generation: number, signal: AbortSignal) => Promise<void>)
    | undefined;
  /** Takes out of other stores what the journal does not tell any more: scores and photos. */
  readonly followJournal?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

export interface EraserOptions {
  readonly journal: Journal;
  readonly registry: ErasureRegistry;
  readonly digester: Digester;
  readonly log: Log;
  readonly copies?: OtherCopies | undefined;
  /** Lets the state of this process say nothing more of a user. */
  readonly mask?: ((tenant: string, userId: string) => void) | undefined;
  /** After a failure it tries again so much later. */
  readonly retryMillis?: number;
}

export class Eraser implements Part {
  readonly name = 'erasures';
  readonly #options: EraserOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  /** While it was running, so that its last look at those who wait may have been before. */
  #woken = false;
  /** There was no room to finish at the start what was unfinished. */
  #isPutOff = false;
  /** An attempt before did not come to its end: it may have erased what other copies hold still. */
  #isUnsettled = false;

  constructor(options: EraserOptions) {
    this.#options = options;
  }

  /** Finishes what a crash left, before any state is folded: nobody would be masked in it. */
  async start(): Promise<void> {
    const { registry, log } = this.#options;
    if (await registry.load()) await this.#saveLedger();
    this.#isUnsettled = registry.waiting.length > 0;
    if (!this.#isUnsettled || !this.#hasWholeJournal()) return;
    try {
      await this.#erase({ removeFiles: this.#options.copies?.removeFiles });
    } catch (error) {
      if (!isForWantOfRoom(error)) throw error;
      const erasures = registry.waiting.length;
      log.error(
        { err: error, erasures },
        'no room to finish an erasure: they are masked, and erased when there is room',
      );
      this.#isPutOff = true;
    }
  }

  /**
   * To be started once the state is folded, and before anybody may ask it: masks whoever is in it for want of room on the disk,
   * and goes on with them. The journal still has their ids.
   */
  get resumption(): Part {
    const { journal, registry, digester, mask } = this.#options;
    return {
      name: 'erasures that were put off',
      start: async () => {
        if (!this.#isPutOff) return;
        const known = registry.waiting.map(({ user }) => user);
        const users = await traceUserIds({ journal, digester, known, signal: this.#stopping.signal });
        for (const { tenant, userId } of users) mask?.(tenant, userId);
        this.wake();
      },
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Begins to erase those who wait, unless it is at it. Those who come meanwhile are erased together afterwards. */
  wake(): void {
    if (this.#stopping.signal.aborted) return;
    this.#woken = this.#running !== undefined;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#woken) this.wake();
    });
  }

  async #run(): Promise<void> {
    const { registry, log, copies, retryMillis = 10_000 } = this.#options;
    const { signal } = this.#stopping;
    while (registry.waiting.length > 0 && !signal.aborted && this.#hasWholeJournal()) {
      try {
        await this.#erase(copies);
      } catch (error) {
        if (signal.aborted) return;
        log.error({ err: error, erasures: registry.waiting.length }, 'erasing failed: it is tried again');
        await sleep(retryMillis, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Not being able to, as on a full disk, is no reason not to start: the journal says the same, and is asked again. */
  async #saveLedger(): Promise<void> {
    const { registry, log } = this.#options;
    try {
      await registry.save();
    } catch (error) {
      log.warn({ err: error }, 'the ledger of erasures was not written: the next start reads the journal for it');
    }
  }

  /** The gate takes no erasure where it has not; a ledger that was lost may still bring one up. */
  #hasWholeJournal(): boolean {
    const { journal, registry, log } = this.#options;
    const { firstSequence } = journal.status();
    if (firstSequence === 1) return true;
    const erasures = registry.waiting.length;
    log.error(
      { erasures, firstSequence },
      'nobody can be erased: the oldest records were dropped, and snapshots hold them',
    );
    return false;
  }

  async #erase(copies: OtherCopies | undefined): Promise<void> {
    const { registry, journal, digester, log } = this.#options;
    const { signal } = this.#stopping;
    const began = performance.now();
    const erasures = registry.waiting;
    log.info({ erasures: erasures.length }, 'erasing begins');
    await this.#trace(erasures);
    const gone = new ErasedIds(digester, [...registry.ids, ...registry.plan]);
    const tenants = new Set(erasures.map(({ user }) => user.tenant));
    const erase = (record: JournalRecord) => {
      if (!isTheirs(gone, record)) return false;
      // A journal that was restored from a copy has those again who were erased since.
      tenants.add(record.tenant);
      return true;
    };
    const wasUnsettled = this.#isUnsettled;
    this.#isUnsettled = true;
    const { erased, generation } = await journal.rewrite({ erase, signal });
    // Of somebody never seen no copy has anything.
    if (erased > 0 || wasUnsettled) await copies?.removeFiles?.(generation);
    await copies?.rebuildState?.([...tenants], generation, signal);
    await copies?.followJournal?.(signal);
    await registry.finish(erasures);
    this.#isUnsettled = false;
    const seconds = (performance.now() - began) / 1_000;
    log.info({ erasures: erasures.length, records: erased, generation, seconds }, 'erasing is done');
  }

  /** What is found is noted before the first record goes: it could not be found again. */
  async #trace(erasures: readonly Erasure[]): Promise<void> {
    const { registry, journal, digester } = this.#options;
    const { signal } = this.#stopping;
    const known = (): readonly ErasedId[] => [...erasures.map(({ user }) => user), ...registry.plan];
    const visitors = await traceVisitors({ journal, digester, known: known(), signal });
    // From here on these are turned away, so that the second pass sees all that there is of them.
    await registry.extendPlan([...erasures.map(({ user }) => user), ...visitors]);
    await registry.extendPlan(await traceThings({ journal, digester, known: known(), signal }));
  }
}

function isForWantOfRoom(error: unknown): boolean {
  return isPalateError(error) && (error.reason === 'STORAGE_FULL' || error.reason === 'JOURNAL_FULL');
}
