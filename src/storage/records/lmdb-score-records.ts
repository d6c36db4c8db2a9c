/** Score records in one LMDB file. */

import { PalateError } from '../../errors.ts';
import type { Entries } from './entries.ts';
import { type Environment, type EnvironmentLog, openEnvironment } from './environment.ts';
import { type Guarded, guard } from './guard.ts';
import { photoWith, putReview, putWord, readPhoto } from './lmdb-photos.ts';
import { listQueue } from './lmdb-queue.ts';
import { clear, deleteOf, hashesOf } from './lmdb-removal.ts';
import type { Photo } from './merge.ts';
import { checksumBytes, keptScoreOf, withChecksum } from './photo-bytes.ts';
import { uuidBytes } from './queue-order.ts';
import { metaKeys, tenantKeys } from './record-keys.ts';
import type { KeptScore, ModelWord, ScoreRecords } from './score-records.ts';

const format = { key: metaKeys.format, value: Buffer.from('palate scores 1') };
const hash = /^[0-9a-f]{64}$/;

interface Progress {
  readonly journalId: string;
  readonly sequence: number;
}

/**
 * Opens the records of a folder; begins new ones, and says so in the log, where they are lost or damaged. Then
 * `lastSequence` is 0, and the journal is to be followed from its beginning. One process opens a folder at a time.
 * @throws PalateError STORAGE_FAILED where the folder can't be written.
 */
export async function openLmdbScoreRecords(folder: string, log: EnvironmentLog): Promise<ScoreRecords> {
  const environment = await openEnvironment({ folder, format, log });
  const { entries } = environment;
  const guarded = guard({ folder, log, condemn: environment.condemn });
  const progress = await keepProgress(environment, guarded);
  return {
    find: (tenant, sha256) => guarded(() => entries.read((each) => found(readPhoto(each, tenantKeys(tenant), sha256)))),
    get: (tenant, imageId) =>
      guarded(() => entries.read((each) => found(photoWith(each, tenantKeys(tenant), imageId)))),
    put: (tenant, word) => guarded(() => entries.write((each) => put(each, tenant, word))),
    review: (tenant, imageId, word, { keepUnknown = false } = {}) =>
      guarded(() =>
        entries.write((each) =>
          each.transaction(() => putReview(each, tenantKeys(tenant), imageId, word, keepUnknown)),
        ),
      ),
    list: (tenant, query) => guarded(() => entries.read((each) => listQueue(each, tenantKeys(tenant), query))),
    async hashesOf(tenant, isTheirs) {
      const look = async (each: Entries) => ({
        hashes: await hashesOf(each, tenantKeys(tenant), isTheirs),
        removed: 0,
      });
      const { hashes } = await guarded(() => entries.purge(look));
      return hashes;
    },
    async deleteOf(tenant, isTheirs) {
      const { hashes } = await guarded(() => entries.purge((each) => deleteOf(each, tenantKeys(tenant), isTheirs)));
      return hashes;
    },
    scrub: () => guarded(() => entries.purge(async () => ({ removed: 1 }))).then(() => undefined),
    async follow(journalId) {
      if (progress.now.journalId === journalId) return progress.now.sequence;
      const isOther = progress.now.journalId !== '';
      if (isOther) log.warn({ folder }, 'the score records are of another journal, and are begun anew');
      await progress.set({ journalId, sequence: 0 });
      if (isOther) await guarded(() => entries.purge(clear));
      return 0;
    },
    get lastSequence() {
      return progress.now.sequence;
    },
    setSequence: (sequence) => progress.set({ ...progress.now, sequence }),
    close: () => guarded(() => environment.close()),
  };
}

interface ProgressKeeper {
  readonly now: Progress;
  set(next: Progress): Promise<void>;
}

async function keepProgress({ entries }: Environment, guarded: Guarded): Promise<ProgressKeeper> {
  const bytes = await entries.read((each) => each.get(metaKeys.progress));
  let now: Progress =
    bytes === undefined ? { journalId: '', sequence: 0 } : JSON.parse(bytes.toString('utf8', checksumBytes));
  return {
    get now() {
      return now;
    },
    async set(next) {
      const bytes = withChecksum(Buffer.from(JSON.stringify(next)));
      await guarded(() => entries.write((each) => each.put(metaKeys.progress, bytes)));
      now = next;
    },
  };
}

function put(entries: Entries, tenant: string, word: ModelWord): Promise<KeptScore> {
  const { sha256, imageId } = word;
  if (!hash.test(sha256)) throw new PalateError('INTERNAL', `${JSON.stringify(sha256)} is no SHA-256`);
  if (uuidBytes(imageId) === undefined) throw new PalateError('INTERNAL', `${JSON.stringify(imageId)} is no UUID`);
  const named = { ...word, imageId: imageId.toLowerCase() };
  return entries.transaction(() => putWord(entries, tenantKeys(tenant), named));
}

function found(photo: Photo | undefined): KeptScore | undefined {
  return photo && keptScoreOf(photo);
}
