/** The journal as the projection needs it: of this process, or of another. */

import type { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import type { Follower } from '../../journal/follower/follower.ts';
import { subscribeTo } from '../../journal/follower/subscription.ts';
import type { RecordBlock } from '../../journal/record-block.ts';
import type { Client } from '../../rpc/client/client.ts';

/** Records side by side: those of a file, or of an answer. */
export type MealBlock = Pick<RecordBlock, 'length' | 'bytes' | 'sequence' | 'tenant' | 'isTombstone' | 'from' | 'to'>;

/** Some records, or none: then all up to `throughSequence` is known to hold nothing that matters. */
export interface MealAnswer {
  readonly block: MealBlock | undefined;
  readonly throughSequence: number;
  /** The journal's durable end. */
  readonly lastSequence: number;
  readonly generation: number;
}

export interface MealJournalStatus {
  readonly journalId: string;
  /** Who begins to read now meets nothing that was erased in it. */
  readonly generation: number;
  /** Of what is kept; where the journal is empty, 0 or 1. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Erasures that are acknowledged and not finished. */
  readonly pendingErasures: number;
}

export interface MealJournal {
  status(): Promise<MealJournalStatus>;
  /** Everything after a place, and then what comes; an answer a second at least. Ends quietly when the signal aborts. */
  follow(afterSequence: number, journalId: string, signal: AbortSignal): AsyncIterable<MealAnswer>;
  /** Everything after a place, up to the present end. */
  read(afterSequence: number, signal: AbortSignal): AsyncIterable<MealAnswer>;
}

/** Of another process. */
export function remoteMealJournal(client: Client<typeof IngestService>, follower: Follower): MealJournal {
  return {
    status: () => statusOf(client),
    async *follow(afterSequence, journalId, signal) {
      yield* follower.follow({ afterSequence, journalId }, signal);
    },
    async *read(afterSequence, signal) {
      const place = { afterSequence, journalId: '' };
      yield* subscribeTo(follower.address, { place, signal, silenceMillis, untilEnd: true });
      signal.throwIfAborted();
    },
  };
}

/** A connection on which nothing is heard for so long is given up. */
const silenceMillis = 10_000;

async function statusOf(client: Client<typeof IngestService>): Promise<MealJournalStatus> {
  const status = await client.getJournalStatus({});
  return {
    journalId: status.journalId,
    generation: Number(status.settledGeneration),
    firstSequence: Number(status.firstSequence),
    lastSequence: Number(status.lastSequence),
    pendingErasures: status.pendingErasures,
  };
}
