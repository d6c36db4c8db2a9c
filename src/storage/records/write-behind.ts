/**
 * Score records whose new photos are written behind the answer, those of a while together. Until a word is seen by everyone it is
 * seen in this process, by its photo and by its id, from memory. A word that is lost on the way costs what it would have
 * saved: the photo is not known next time, unless the journal tells of it.
 */

import { withWord } from './merge.ts';
import { keptScoreOf } from './photo-bytes.ts';
import type { KeptScore, ModelWord, ScoreRecords } from './score-records.ts';

export interface WriteBehindOptions {
  /** Words that are being written, at most: beyond these a put waits for the store, as it would without. Default 1,000. */
  readonly maxWaiting?: number;
  /**
   * Words of so many milliseconds are written together: each commit writes half a dozen pages and waits for the disk. Whoever
   * needs the store to have them does not wait for that. Default 50.
   */
  readonly gatherMillis?: number;
  readonly log: { warn(fields: object, message: string): void };
}

interface Waiting {
  readonly kept: KeptScore;
  /** Resolves when the word is in the store, or lost. */
  readonly written: Promise<void>;
}

/** What answers ask of the records. */
export interface AskedRecords extends Pick<ScoreRecords, 'find' | 'put' | 'get' | 'review' | 'list' | 'close'> {
  /** Resolves when the words that were put before are in the store, or lost. */
  settled(): Promise<void>;
}

/**
 * The same records, but that a `put` of a photo that is not known resolves before the store has it: whoever asks these
 * records sees it then, and others by and by. The ids that photos are put with are new, so no review waits for them.
 */
export function writeBehind(records: ScoreRecords, options: WriteBehindOptions): AskedRecords {
  const { maxWaiting = 1_000, gatherMillis = 50, log } = options;
  const byPhoto = new Map<string, Waiting>();
  const byImage = new Map<string, Waiting>();
  const gathering = gatherer(gatherMillis);

  function begin(tenant: string, word: ModelWord): KeptScore {
    const photo = keyOf(tenant, word.sha256);
    const image = keyOf(tenant, word.imageId.toLowerCase());
    const written = gathering
      .gathered()
      .then(() => records.put(tenant, word))
      .catch((err: unknown) => {
        log.warn({ err, imageId: word.imageId }, 'a score was not taken down: the photo is not known next time');
      })
      .then(() => {
        byPhoto.delete(photo);
        byImage.delete(image);
      });
    const waiting = { kept: keptScoreOf(withWord(undefined, word)), written };
    byPhoto.set(photo, waiting);
    byImage.set(image, waiting);
    return waiting.kept;
  }

  const settled = async () => {
    gathering.hurry();
    await Promise.all([...byPhoto.values()].map(({ written }) => written));
  };

  return {
    async find(tenant, sha256) {
      return byPhoto.get(keyOf(tenant, sha256))?.kept ?? records.find(tenant, sha256);
    },
    async get(tenant, imageId) {
      return byImage.get(keyOf(tenant, imageId.toLowerCase()))?.kept ?? records.get(tenant, imageId);
    },
    async put(tenant, word) {
      const photo = keyOf(tenant, word.sha256);
      const known = byPhoto.get(photo)?.kept ?? (await records.find(tenant, word.sha256));
      // What is known of a photo, reviews included, and the new word are brought together by the store.
      const isBehind = known === undefined && !byPhoto.has(photo) && byPhoto.size < maxWaiting;
      return isBehind ? begin(tenant, word) : records.put(tenant, word);
    },
    async review(tenant, imageId, word, options) {
      const waiting = byImage.get(keyOf(tenant, imageId.toLowerCase()));
      if (waiting !== undefined) gathering.hurry();
      await waiting?.written;
      return records.review(tenant, imageId, word, options);
    },
    async list(tenant, query) {
      await settled();
      return records.list(tenant, query);
    },
    settled,
    async close() {
      await settled();
      await records.close();
    },
  };
}

/** Brings together what comes within a while. */
function gatherer(millis: number) {
  let all: PromiseWithResolvers<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const hurry = () => {
    clearTimeout(timer);
    all?.resolve();
    all = undefined;
  };
  return {
    /** Resolves after the while, which began with the first: in a turn of its own, when the answer is out. */
    gathered(): Promise<void> {
      if (all === undefined) {
        all = Promise.withResolvers<void>();
        timer = setTimeout(hurry, millis);
      }
      return all.promise;
    },
    /** Ends the while now. */
    hurry,
  };
}

function keyOf(tenant: string, name: string): string {
  return `${tenant} ${name}`;
}
