/**
 * Keeps the records as the journal tells: follows it, whoever published to it, puts in what it says of photos, and takes out
 * whoever was erased from it. What was put in is noted, and the next start goes on from there.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { isPalateError, PalateError } from '../../errors.ts';
import { Slices } from '../../journal/slices.ts';
import type { Part } from '../../lifecycle.ts';
import { type Backoff, waitMillis } from '../../rpc/client/backoff.ts';
import type { Log } from '../../rpc/log.ts';
import { applyReviewed, applyScored } from '../../storage/records/apply-event.ts';
import type { ModelWord, ScoreRecords } from '../../storage/records/score-records.ts';
import { type ForgettingOptions, forgetErased } from './forget-erased.ts';
import type { GenerationNote } from './generation-note.ts';
import type { MealAnswer, MealJournal, MealJournalStatus } from './meal-journal.ts';
import { type MealIds, mealIdsOf, mealPayloadOf } from './meal-reader.ts';

export interface ProjectionOptions
  extends Pick<ForgettingOptions, 'putsSettled' | 'observeUnsent' | 'forgetSent' | 'removePhoto' | 'othersMillis'> {
  readonly journal: MealJournal;
  readonly records: ScoreRecords;
  readonly note: GenerationNote;
  /** An event does not say how unsure its score was: estimates it, 0 to 1. */
  readonly uncertaintyOf: (labels: ModelWord['labels']) => number;
  readonly log: Log;
  /** Between attempts. Default 100 ms, up to 5 s. */
  readonly backoff?: Backoff;
}

export interface ProjectionStatus {
  /** Everything up to here is in the records. */
  readonly sequence: number;
  /** The journal's durable end, as last heard. */
  readonly lastSequence: number;
  /** Of the journal, whose erased are out of the records; undefined: somebody may be in them still. */
  readonly isClean: boolean;
}

/** Without a meal the place is noted this often: to look at so much once more costs less than to write it. */
const noteEveryMillis = 5_000;
/** While erasures are under way, their end is waited for, so long at most: they are taken out together. */
const patienceMillis = 30_000;
/** After a round that nobody waits for, it rests so many times as long as that took. */
const restFactor = 10;
/** Puts that wait for their commit together. */
const maxWaiting = 100;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Projection implements Part {
  readonly name = 'score records from the journal';
  readonly #options: ProjectionOptions & { readonly backoff: Backoff };
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #sequence = 0;
  #lastSequence = 0;
  #notedAtMillis = 0;
  #isLost = false;
  /** Since when somebody may be in the records who is erased. */
  #uncleanSince: number | undefined;
  #isForgetting = false;
  #restsUntil = 0;
  #waiters: Waiter[] = [];

  constructor(options: ProjectionOptions) {
    this.#options = { backoff: { firstMillis: 100, longestMillis: 5_000 }, ...options };
  }

  get status(): ProjectionStatus {
    const [sequence, lastSequence] = [this.#sequence, this.#lastSequence];
    return { sequence, lastSequence, isClean: this.#uncleanSince === undefined && !this.#isForgetting };
  }

  async start(): Promise<void> {
    await this.#options.note.open();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new PalateError('SHUTTING_DOWN', 'the server is stopping'));
    await this.#running;
    await this.#options.note.close();
  }

  /**
   * Resolves when whoever is out of the journal by now is out of the scorer's files too. Rejects with the reason of the
   * signal; SHUTTING_DOWN; with what went wrong, in which case it is tried again all the same.
   */
  forgetErased(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const ended = AbortSignal.any([signal, this.#stopping.signal]);
    ended.addEventListener('abort', () => reject(ended.reason), { once: true });
    if (ended.aborted) reject(ended.reason);
    else this.#waiters.push({ resolve, reject });
    return promise;
  }

  /** An event was refused: if its person is erased, what was taken down of them has to go. */
  async refused(tenant: string, event: Uint8Array, { reason }: PalateError): Promise<void> {
    if (reason !== 'USER_ERASED') return;
    const ids = mealIdsOf(event);
    // Its score may be on the way into the records still: no answer waits for that, nor does its event.
    await this.#options.putsSettled();
    const kept = await this.#options.records.get(tenant, ids.imageId);
    if (kept !== undefined && isOf(ids, { ...kept, userId: kept.record.userId })) this.#soil();
  }

  async #run(): Promise<void> {
    const { log, backoff } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#follow(() => {
          if (this.#isLost) log.info({ sequence: this.#sequence }, 'the journal is followed again');
          this.#isLost = false;
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        for (const { reject } of this.#waiters.splice(0)) reject(error);
        failures += 1;
        if (!this.#isLost)
          log.warn({ err: error, sequence: this.#sequence }, 'score records do not follow the journal');
        this.#isLost = true;
        await sleep(waitMillis(backoff, failures), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  async #follow(onHeard: () => void): Promise<void> {
    const { journal } = this.#options;
    const { signal } = this.#stopping;
    const status = await journal.status();
    this.#lastSequence = status.lastSequence;
    this.#sequence = await this.#begin(status);
    for await (const answer of journal.follow(this.#sequence, status.journalId, signal)) {
      await this.#take(answer);
      onHeard();
      if (!this.#options.note.isOf({ ...status, generation: answer.generation })) this.#soil();
      // What was read before, and waits to be taken, may have been erased since.
      if ((this.#uncleanSince !== undefined || this.#waiters.length > 0) && (await this.#clean())) break;
    }
    await this.#note();
  }

  /** Where to follow from. */
  async #begin({ journalId, firstSequence, lastSequence }: MealJournalStatus): Promise<number> {
    const { records, log } = this.#options;
    const noted = await records.follow(journalId);
    const first = Math.max(0, firstSequence - 1);
    if (noted >= first && noted <= lastSequence) return noted;
    if (noted > 0) log.warn({ sequence: noted, firstSequence, lastSequence }, 'the journal does not go on from here');
    return first;
  }

  async #take({ block, throughSequence, lastSequence }: MealAnswer): Promise<void> {
    const waiting: Promise<void>[] = [];
    let meals = 0;
    for (let at = 0; block !== undefined && at < block.length; at++) {
      if (block.isTombstone(at)) continue;
      const [from, to] = [block.from(at), block.to(at)];
      const payload = mealPayloadOf(block.bytes, from, to);
      if (payload === undefined) continue;
      if (payload === 'erased') this.#soil();
      else waiting.push(this.#apply(block.tenant(at), block.bytes.subarray(from, to)));
      meals += 1;
      if (waiting.length === maxWaiting) await Promise.all(waiting.splice(0));
    }
    await Promise.all(waiting);
    this.#sequence = throughSequence;
    this.#lastSequence = lastSequence;
    if (meals > 0 || performance.now() - this.#notedAtMillis > noteEveryMillis) await this.#note();
    await new Slices(this.#stopping.signal).giveWay();
  }

  /** A meal that cannot be put in is passed over; a store that fails is not. */
  async #apply(tenant: string, bytes: Uint8Array): Promise<void> {
    const { records, uncertaintyOf, log } = this.#options;
    try {
      const event: Event = fromBinary(EventSchema, bytes);
      await applyScored(records, tenant, event, uncertaintyOf);
      await applyReviewed(records, tenant, event);
    } catch (error) {
      if (isPalateError(error) && error.reason.startsWith('STORAGE_')) throw error;
      log.error({ err: error, tenant }, 'an event about a photo could not be put into the score records');
    }
  }

  async #note(): Promise<void> {
    this.#notedAtMillis = performance.now();
    const { records } = this.#options;
    if (records.lastSequence !== this.#sequence) await records.setSequence(this.#sequence);
  }

  #soil(): void {
    this.#options.note.set(undefined);
    this.#uncleanSince ??= performance.now();
  }

  /** Takes the erased out, if it is time. False: it is not. */
  async #clean(): Promise<boolean> {
    const { journal } = this.#options;
    const status = await journal.status();
    const now = performance.now();
    const isDue = status.pendingErasures === 0 || now - (this.#uncleanSince ?? now) > patienceMillis;
    if (this.#waiters.length === 0 && (!isDue || now < this.#restsUntil)) return false;
    const waiters = this.#waiters.splice(0);
    try {
      await this.#forget(status);
      for (const { resolve } of waiters) resolve();
      return true;
    } catch (error) {
      for (const { reject } of waiters) reject(error);
      throw error;
    }
  }

  async #forget({ journalId, generation }: MealJournalStatus): Promise<void> {
    const { note, log } = this.#options;
    const began = performance.now();
    this.#uncleanSince = undefined;
    this.#isForgetting = true;
    try {
      const apply = (tenant: string, event: Uint8Array) => this.#apply(tenant, event);
      const forgotten = await forgetErased({ ...this.#options, apply, signal: this.#stopping.signal });
      const millis = performance.now() - began;
      this.#restsUntil = began + millis * (1 + restFactor);
      // Whoever was refused meanwhile is for the next round.
      if (this.#uncleanSince === undefined) note.set({ journalId, generation });
      const level = forgotten.records > 0 ? 'info' : 'debug';
      log[level]({ ...forgotten, generation, seconds: millis / 1_000 }, 'score records hold nobody who was erased');
    } catch (error) {
      this.#soil();
      throw error;
    } finally {
      this.#isForgetting = false;
    }
  }
}

function isOf(ids: MealIds, kept: Pick<MealIds, 'userId' | 'visitorId' | 'sessionId'>): boolean {
  return ids.userId === kept.userId && ids.visitorId === kept.visitorId && ids.sessionId === kept.sessionId;
}
