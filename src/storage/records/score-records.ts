/**
 * What is known of each photo that was scored, each tenant's apart. A cache of the journal: what `MealScored` and
 * `MealReviewed` events said can be put in again, in any number of rounds. Beyond these it remembers refused photos, so that
 * they are not computed twice; they are in no event and may be forgotten.
 */

import type { ScoreRecord } from '../../../gen/palate/scoring/v1/scoring_pb.ts';
import type { JudgedBy } from './judged-by.ts';

/** A score as it stands, and what the contract's record leaves out. */
export interface KeptScore {
  /**
   * `image_id` is the one that the photo got first. `score` is the expert's, or else the model's; where the expert gave
   * one, there is no `rejection`. Everything else is the model's newest word.
   */
  readonly record: ScoreRecord;
  /** Every id that the photo was given, the first one first: it is found by each. */
  readonly imageIds: readonly string[];
  readonly visitorId: string;
  readonly sessionId: string;
  /** What the model ran on; '' where only the journal told of it. */
  readonly provider: string;
}

/** What a model said of a photo, for whom, and when. */
export interface ModelWord {
  /** A UUID. */
  readonly imageId: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** 1 to 5; undefined where there is a rejection. */
  readonly score: number | undefined;
  readonly rejection: { readonly reason: string; readonly message: string } | undefined;
  /** Surest first. */
  readonly labels: readonly { readonly name: string; readonly confidence: number }[];
  readonly model: JudgedBy;
  /** 0 to 1. */
  readonly uncertainty: number;
  /** It only follows from the labels: a better figure that is kept of the same word stays. */
  readonly isEstimate: boolean;
  /** '' where it is not known. */
  readonly provider: string;
  readonly userId: string;
  readonly visitorId: string;
  readonly sessionId: string;
  readonly itemId: string;
  /** Microseconds since 1970. */
  readonly scoredAtMicros: number;
}

/** What an expert said of a photo. */
export interface ExpertWord {
  /** 1 to 5; undefined: nothing was said of it. */
  readonly score: number | undefined;
  readonly labels: readonly string[];
  readonly reviewerId: string;
  readonly comment: string;
  /** Microseconds since 1970. */
  readonly reviewedAtMicros: number;
}

/** Which part of the expert's queue. */
export interface QueueQuery {
  /** Records in a page at most, from 1. */
  readonly limit: number;
  /** `nextPageToken` of the page before; '' is the beginning. */
  readonly pageToken: string;
  /** Reviewed ones too, behind the others. */
  readonly includeReviewed: boolean;
  /** Refused photos that nobody reviewed too, at the very end. */
  readonly includeRejected: boolean;
  /** Only those at least so uncertain, 0 to 1. */
  readonly minUncertainty: number;
}

/** A page of the expert's queue. */
export interface QueuePage {
  readonly records: readonly ScoreRecord[];
  /** '' after the last page. */
  readonly nextPageToken: string;
}

/** Whose photo it is, to decide whether it goes with an erased person. */
export interface PhotoOwner {
  /** Of the photo; '': it is a review only. */
  readonly sha256: string;
  readonly imageIds: readonly string[];
  /** '' where there is none. */
  readonly userId: string;
  readonly visitorId: string;
  readonly sessionId: string;
  /** Of its newest word, in microseconds since 1970; 0: it is a review only. */
  readonly scoredAtMicros: number;
}

/**
 * Keeps scores. `tenant` is '' for the default one. Every method throws PalateError STORAGE_FAILED or STORAGE_FULL where the
 * store fails; whoever asks may then go on without. Writes of one turn are written together: do not await each of many.
 */
export interface ScoreRecords {
  /** By the hash of the photo's bytes, 64 lower-case hex digits. */
  find(tenant: string, sha256: string): Promise<KeptScore | undefined>;
  /** By any of the photo's ids; a UUID in either case. */
  get(tenant: string, imageId: string): Promise<KeptScore | undefined>;
  /**
   * Takes down a model's word, and resolves when it is seen by everyone. The newest word by `scoredAtMicros` stands, of
   * equal ones the last put: so the same words in another order or twice come to the same. A photo keeps the id that it
   * got first, and its review. Who had the meal, and the item, are those of the newest word that names any.
   */
  put(tenant: string, word: ModelWord): Promise<KeptScore>;
  /**
   * Takes down an expert's word; the newest by `reviewedAtMicros` stands. Undefined: there is no such photo. With
   * `keepUnknown` the word is then kept for when the photo's score comes, as it may in a journal.
   */
  review(
    tenant: string,
    imageId: string,
    word: ExpertWord,
    options?: { readonly keepUnknown?: boolean },
  ): Promise<KeptScore | undefined>;
  /**
   * The expert's queue: not yet reviewed ones, the most uncertain first, then by image id. What does not change between two
   * pages comes exactly once, whatever else is put or reviewed meanwhile.
   * @throws PalateError INVALID_PAGE_TOKEN where the token is none of ours, or of another query.
   */
  list(tenant: string, query: QueueQuery): Promise<QueuePage>;
  /** The hashes of the photos that `deleteOf` would forget. */
  hashesOf(tenant: string, isTheirs: (owner: PhotoOwner) => boolean): Promise<readonly string[]>;
  /**
   * Forgets photos, and reviews that wait for theirs (of which only the image id is known). When it resolves, nothing of them
   * is left in the files of the store. Writes may wait meanwhile, for as long as it takes to copy the store.
   * @returns the hashes of the photos whose bytes may go.
   */
  deleteOf(tenant: string, isTheirs: (owner: PhotoOwner) => boolean): Promise<readonly string[]>;
  /** Leaves nothing in the files of the store of what was replaced or removed before. Stores that leave nothing have none. */
  scrub?(): Promise<void>;
  /**
   * Begins to follow a journal. Records of another journal are forgotten.
   * @returns the sequence up to which its events are in.
   */
  follow(journalId: string): Promise<number>;
  /** Up to which sequence of the journal events are in; 0: none. */
  readonly lastSequence: number;
  /** Notes that all events up to this sequence are in. It becomes durable after what was put before it. */
  setSequence(sequence: number): Promise<void>;
  /** Makes durable what waits. */
  close(): Promise<void>;
}
