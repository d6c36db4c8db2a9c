/** How words on one photo come together. Pure: stores differ in where they keep the outcome, not in what it is. */

import { isSameJudge } from './judged-by.ts';
import type { ExpertWord, ModelWord, PhotoOwner } from './score-records.ts';

/** Everything that is kept of a photo, in its parts. */
export interface Photo {
  readonly sha256: string;
  /** At least one, the first one first. */
  readonly imageIds: readonly string[];
  readonly word: WordOfModel;
  readonly named: Named;
  readonly review: ExpertWord | undefined;
}

export type WordOfModel = Omit<ModelWord, 'imageId' | 'sha256' | 'isEstimate' | keyof Omit<Named, 'namedAtMicros'>>;

/** Who had the meal and what it was, as the newest word that names any of these had it. */
export interface Named {
  readonly userId: string;
  readonly visitorId: string;
  readonly sessionId: string;
  readonly itemId: string;
  /** `scoredAtMicros` of that word; 0: none named any. */
  readonly namedAtMicros: number;
}

/** Whose a photo is. */
export function ownerOf({ sha256, imageIds, named, word: { scoredAtMicros } }: Photo): PhotoOwner {
  const { userId, visitorId, sessionId } = named;
  return { sha256, imageIds, userId, visitorId, sessionId, scoredAtMicros };
}

/** Whose it is of what only a review is known: nobody's. */
export function ownerOfReview(imageId: string): PhotoOwner {
  return { sha256: '', imageIds: [imageId], userId: '', visitorId: '', sessionId: '', scoredAtMicros: 0 };
}

/** Ids that a photo is found by, at most. More are made only where many processes score the same photo at once. */
const maxImageIds = 16;

/** A photo with one more word of a model. */
export function withWord(photo: Photo | undefined, word: ModelWord): Photo {
  const { imageId, sha256 } = word;
  if (photo === undefined) {
    return { sha256, imageIds: [imageId], word: wordOf(word), named: namedBy(word), review: undefined };
  }
  const named = namedBy(word);
  const isKnown = photo.imageIds.includes(imageId) || photo.imageIds.length >= maxImageIds;
  return {
    ...photo,
    imageIds: isKnown ? photo.imageIds : [...photo.imageIds, imageId],
    word: newerWord(photo.word, word),
    named: named.namedAtMicros !== 0 && named.namedAtMicros >= photo.named.namedAtMicros ? named : photo.named,
  };
}

/** A photo with one more word of an expert. */
export function withReview(photo: Photo, review: ExpertWord): Photo {
  return { ...photo, review: newerReview(photo.review, review) };
}

/** The one of two reviews that stands. */
export function newerReview(kept: ExpertWord | undefined, review: ExpertWord): ExpertWord {
  return kept !== undefined && kept.reviewedAtMicros > review.reviewedAtMicros ? kept : review;
}

function newerWord(kept: WordOfModel, word: ModelWord): WordOfModel {
  if (word.scoredAtMicros < kept.scoredAtMicros) return kept;
  const newer = wordOf(word);
  const isSame = kept.score === newer.score && isSameJudge(kept.model, newer.model);
  if (!isSame) return newer;
  return {
    ...newer,
    provider: newer.provider || kept.provider,
    uncertainty: word.isEstimate ? kept.uncertainty : newer.uncertainty,
  };
}

function wordOf({ score, rejection, labels, model, uncertainty, provider, scoredAtMicros }: ModelWord): WordOfModel {
  return { score, rejection, labels, model, uncertainty, provider, scoredAtMicros };
}

function namedBy({ userId, visitorId, sessionId, itemId, scoredAtMicros }: ModelWord): Named {
  const isAny = [userId, visitorId, sessionId, itemId].some((id) => id !== '');
  return { userId, visitorId, sessionId, itemId, namedAtMicros: isAny ? scoredAtMicros : 0 };
}
