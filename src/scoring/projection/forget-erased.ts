/**
 * Takes out of the scorer's own files whoever is no more in the journal. What a rewritten journal still tells is what may be
 * known: a photo that only erased people sent is in none of its events, and one that somebody else sent too is. So this needs
 * neither ids nor keys, and goes for scorers in other processes as well, also for one that was away meanwhile.
 */

import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Slices } from '../../journal/slices.ts';
import type { ObjectName } from '../../storage/objects/object-store.ts';
import type { PhotoOwner, ScoreRecords } from '../../storage/records/score-records.ts';
import type { MealJournal } from './meal-journal.ts';
import { type MealIds, mealIdsOf, mealPayloadOf } from './meal-reader.ts';

export interface ForgettingOptions {
  readonly journal: Pick<MealJournal, 'read'>;
  readonly records: ScoreRecords;
  /** Puts an event into the records. */
  readonly apply: (tenant: string, event: Uint8Array) => Promise<void>;
  /** Resolves when the puts that were begun are in the records. */
  readonly putsSettled: () => Promise<void>;
  /** Names every event that the journal has not taken yet, and those that come, until the returned function is called. */
  readonly observeUnsent: (listener: (tenant: string, event: Uint8Array) => void) => () => void;
  /** Leaves nothing on the disk of events that the journal has taken or refused. */
  readonly forgetSent: () => void;
  /** Nothing of the photo's bytes is kept, or comes to be, once this resolves. */
  readonly removePhoto: (photo: ObjectName) => Promise<void>;
  /**
   * Other scorers take down into the same records what the journal is told soon: so long is waited for them, in milliseconds,
   * and what is scored meanwhile stays. 0: there are no others.
   */
  readonly othersMillis: number;
  readonly signal: AbortSignal;
}

export interface Forgotten {
  /** Photos whose records went. */
  readonly records: number;
  /** Photos whose bytes went too: nobody else sent them. */
  readonly photos: number;
}

/** Refused photos go as well: no event tells whose they are, and they are a memory only. */
export async function forgetErased(options: ForgettingOptions): Promise<Forgotten> {
  const { records, othersMillis, signal } = options;
  const began = Date.now();
  if (othersMillis > 0) await sleep(othersMillis, undefined, { signal });
  const known = new KnownMeals();
  // What is on its way to the journal is not in it, and stays. Should the journal refuse it, that brings the next round.
  const stop = options.observeUnsent((tenant, event) => known.add(tenant, event));
  try {
    await eachMeal(options, (tenant, event) => known.add(tenant, event), known.tenants);
    await options.putsSettled();
    const again = new Set<string>();
    const forgotten = { records: 0, photos: 0 };
    for (const tenant of known.tenants) {
      const isTheirs = (owner: PhotoOwner) => !isOfOthers(owner) && !known.isTold(tenant, owner);
      const { hashes, photos } = await forgetIn(options, tenant, known, isTheirs);
      forgotten.records += hashes.length;
      forgotten.photos += photos;
      for (const sha256 of hashes) if (known.hasPhoto(tenant, sha256)) again.add(photoKey(tenant, sha256));
    }
    await putAgain(options, again);
    // What was replaced in a record before is in no record, but may still be in the file.
    await records.scrub?.();
    options.forgetSent();
    return forgotten;
  } finally {
    stop();
  }

  function isOfOthers({ scoredAtMicros }: PhotoOwner): boolean {
    return othersMillis > 0 && scoredAtMicros >= began * 1e3;
  }
}

/** Records that come meanwhile get a second look. What comes even then came after the erasure, and photos may come all the time. */
const rounds = 2;

/**
 * The bytes of each photo first: a record that is still there brings the next attempt to them, should the store of the photos
 * fail, or the process end.
 */
async function forgetIn(
  { records, removePhoto }: Pick<ForgettingOptions, 'records' | 'removePhoto'>,
  tenant: string,
  known: KnownMeals,
  isTheirs: (owner: PhotoOwner) => boolean,
): Promise<{ readonly hashes: readonly string[]; readonly photos: number }> {
  const looked = new Set<string>();
  const forgotten: string[] = [];
  let photos = 0;
  let next = await records.hashesOf(tenant, isTheirs);
  for (let round = 1; ; round++) {
    for (const sha256 of next) {
      looked.add(sha256);
      if (known.hasPhoto(tenant, sha256)) continue;
      await removePhoto({ tenant, sha256 });
      photos += 1;
    }
    const came = new Set<string>();
    const isDue = (owner: PhotoOwner): boolean => {
      if (!isTheirs(owner)) return false;
      const { sha256 } = owner;
      if (sha256 === '' || looked.has(sha256)) return true;
      came.add(sha256);
      return false;
    };
    forgotten.push(...(await records.deleteOf(tenant, isDue)));
    if (came.size === 0 || round === rounds) return { hashes: forgotten, photos };
    next = [...came];
  }
}

/** Others sent these photos too: what they said makes the record anew. */
async function putAgain(options: ForgettingOptions, photos: ReadonlySet<string>): Promise<void> {
  if (photos.size === 0) return;
  const waiting: Promise<void>[] = [];
  try {
    await eachMeal(options, (tenant, event, { sha256 }) => {
      if (sha256 === '' || photos.has(photoKey(tenant, sha256))) waiting.push(options.apply(tenant, event));
      return waiting.length < maxWaiting ? undefined : Promise.all(waiting.splice(0));
    });
  } finally {
    await Promise.all(waiting);
  }
}

/** Puts that wait for their commit together. */
const maxWaiting = 100;

type Visit = (tenant: string, event: Uint8Array, ids: MealIds) => unknown;

/** Every event about a photo that the journal holds now. */
async function eachMeal(
  { journal, signal }: Pick<ForgettingOptions, 'journal' | 'signal'>,
  visit: Visit,
  tenants?: Set<string>,
): Promise<void> {
  const slices = new Slices(signal);
  for await (const { block } of journal.read(0, signal)) {
    for (let at = 0; block !== undefined && at < block.length; at++) {
      const tenant = block.tenant(at);
      tenants?.add(tenant);
      if (block.isTombstone(at)) continue;
      const [from, to] = [block.from(at), block.to(at)];
      const payload = mealPayloadOf(block.bytes, from, to);
      if (payload === undefined || payload === 'erased') continue;
      await visit(tenant, block.bytes.subarray(from, to), mealIdsOf(block.bytes, from, to));
    }
    await slices.giveWay();
  }
  signal.throwIfAborted();
}

/** What events tell of photos, as digests: of a million photos these are some hundred megabytes. */
class KnownMeals {
  readonly tenants = new Set<string>();
  readonly #digests = new Set<string>();

  add(tenant: string, event: Uint8Array): void {
    const ids = mealIdsOf(event);
    this.tenants.add(tenant);
    this.#digests.add(digest('image', tenant, ids.imageId));
    if (ids.sha256 === '') return;
    this.#digests.add(digest('photo', tenant, ids.sha256));
    this.#digests.add(digest('owner', tenant, ids.imageId, ids.userId, ids.visitorId, ids.sessionId));
  }

  hasPhoto(tenant: string, sha256: string): boolean {
    return this.#digests.has(digest('photo', tenant, sha256));
  }

  /** Whether all that a record says of ids and people is in an event. */
  isTold(tenant: string, { imageIds, userId, visitorId, sessionId }: PhotoOwner): boolean {
    const isNamed = userId !== '' || visitorId !== '' || sessionId !== '';
    return (
      imageIds.every((id) => this.#digests.has(digest('image', tenant, id))) &&
      (!isNamed || imageIds.some((id) => this.#digests.has(digest('owner', tenant, id, userId, visitorId, sessionId))))
    );
  }
}

function photoKey(tenant: string, sha256: string): string {
  return `${tenant} ${sha256}`;
}

function digest(...parts: readonly string[]): string {
  return hash('sha256', parts.join('\0'), 'buffer').toString('latin1', 0, 16);
}
