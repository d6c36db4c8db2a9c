/** Folds tenants anew from the rewritten journal, beside the state that answers, and puts them into its place. */

import { isPalateError } from '../../errors.ts';
import type { Journal } from '../../journal/journal.ts';
import type { JournalRecord } from '../../journal/record.ts';
import { Slices } from '../../journal/slices.ts';
import { decodeEvent } from '../decode-event.ts';
import { createState, type State } from '../fold/state.ts';
import type { JournalFeed } from '../state-feed.ts';

export interface Rebuild {
  readonly feed: JournalFeed;
  readonly journal: Pick<Journal, 'read' | 'status'>;
  readonly tenants: readonly string[];
  /** Of the journal, once it was rewritten. */
  readonly generation: number;
  readonly signal: AbortSignal;
}

/** In sequences: so few are folded while the state that answers stands still, some hundredths of a second. */
const lastStretch = 5_000;
/** So much is folded before others get their turn. */
const limits = { maxBytes: 262_144, maxRecords: 256 };

/**
 * Resolves when the state holds these tenants as the journal of that generation has them, at the same sequence as
 * before. Masks on them end with it. Rejects with the journal's reasons, and then nothing has changed.
 */
export async function rebuildTenants({ feed, journal, tenants, generation, signal }: Rebuild): Promise<void> {
  if (feed.generation >= generation) return;
  const anew = createState(feed.state.settings);
  const wanted = new Set(tenants);
  while (feed.state.sequence - anew.sequence > lastStretch) {
    await foldThrough(anew, journal, wanted, feed.state.sequence, signal);
  }
  // What the feed took from memory and not from the rewritten journal must all lie before the change.
  await feed.reached(journal.status().durableSequence, signal);
  await feed.whileStill(async () => {
    await foldThrough(anew, journal, wanted, feed.state.sequence, signal);
    feed.adopt(anew, tenants, generation);
  });
}

async function foldThrough(
  anew: State,
  journal: Pick<Journal, 'read'>,
  tenants: ReadonlySet<string>,
  through: number,
  signal: AbortSignal,
): Promise<void> {
  if (anew.sequence >= through) return;
  const slices = new Slices(signal);
  for await (const records of journal.read({ afterSequence: anew.sequence, signal, ...limits })) {
    for (const record of records) {
      if (record.sequence > through) return;
      if (record.kind === 'tombstone' || !tenants.has(record.tenant)) anew.skip(record.sequence);
      else if (!anew.applyBytes(record, record.event)) applyDecoded(anew, record);
    }
    if (anew.sequence >= through) return;
    await slices.giveWay();
  }
  signal.throwIfAborted();
}

/** What the feed passed over, this does too. */
function applyDecoded(anew: State, record: JournalRecord): void {
  try {
    anew.apply(record, decodeEvent(record.sequence, record.event));
  } catch (error) {
    if (isPalateError(error)) throw error;
    anew.skip(record.sequence);
  }
}
