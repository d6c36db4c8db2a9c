/**
 * Score records for the way of a photo, which must be answered whether the records are there or not: what can't be found in
 * time is unknown, and what can't be put is put by the journal's events later. Whoever follows the journal, and experts, ask
 * the records themselves: they must hear of a failure.
 */

import { withWord } from './merge.ts';
import { type PatienceLog, patience } from './patience.ts';
import { keptScoreOf } from './photo-bytes.ts';
import type { ScoreRecords } from './score-records.ts';

export interface LenientOptions {
  /** For one answer, in milliseconds. */
  readonly waitMillis: number;
  /** Behind an answer that did not come, nothing is asked for so long. */
  readonly restMillis: number;
  readonly log: PatienceLog;
}

/** `find` and `put` that never fail for want of the store. */
export function lenientRecords(
  records: Pick<ScoreRecords, 'find' | 'put'>,
  options: LenientOptions,
): Pick<ScoreRecords, 'find' | 'put'> {
  const ask = patience({ what: 'the store of the score records', ...options });
  return {
    async find(tenant, sha256) {
      return (await ask(() => records.find(tenant, sha256)))?.answer;
    },
    async put(tenant, word) {
      const put = await ask(() => records.put(tenant, word));
      return put?.answer ?? keptScoreOf(withWord(undefined, word));
    },
  };
}
