/** Asking something that one can do without: not for long, and not again at once when it did not answer. */

import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { isPalateError } from '../../errors.ts';

/** What is told of who does not answer. */
export interface PatienceLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface PatienceOptions {
  /** As in `WHAT does not answer`. */
  readonly what: string;
  /** For one answer, in milliseconds. */
  readonly waitMillis: number;
  /** Behind an answer that did not come, nothing is asked for so long. */
  readonly restMillis: number;
  readonly log: PatienceLog;
}

/** The answer; undefined: there was none in time. Errors that are not the storage's pass as they are. */
export type Ask = <Answer>(work: () => Promise<Answer>) => Promise<{ readonly answer: Answer } | undefined>;

const late = Symbol('late');

/** The first answer that does not come is logged, and the first one that comes again. */
export function patience({ what, waitMillis, restMillis, log }: PatienceOptions): Ask {
  let isAway = false;
  let restsUntil = Number.NEGATIVE_INFINITY;
  const missed = (error: unknown) => {
    if (!isAway) log.warn({ error }, `${what} does not answer: it is done without`);
    isAway = true;
    restsUntil = performance.now() + restMillis;
  };
  return async (work) => {
    if (performance.now() < restsUntil) return undefined;
    // One asks whether it is back; the others go on without until it says so.
    if (isAway) restsUntil = performance.now() + restMillis;
    try {
      const answer = await within(work(), waitMillis);
      if (answer === late) {
        missed(new Error(`no answer within ${waitMillis} ms`));
        return undefined;
      }
      if (isAway) log.info({}, `${what} answers again`);
      isAway = false;
      restsUntil = Number.NEGATIVE_INFINITY;
      return { answer };
    } catch (error) {
      if (!isOfStorage(error)) throw error;
      missed(error);
      return undefined;
    }
  };
}

async function within<Answer>(work: Promise<Answer>, waitMillis: number): Promise<Answer | typeof late> {
  const over = new AbortController();
  try {
    return await Promise.race([work, time(waitMillis, over.signal)]);
  } finally {
    over.abort();
    // What comes too late is nobody's any more.
    work.catch(() => undefined);
  }
}

/** Where this thread was busy meanwhile, the answer may have come and not been read: it gets the turn for that. */
async function time(waitMillis: number, signal: AbortSignal): Promise<typeof late> {
  await sleep(waitMillis, undefined, { signal });
  return turn(late, { signal });
}

function isOfStorage(error: unknown): boolean {
  return isPalateError(error) && ['STORAGE_FAILED', 'STORAGE_FULL'].includes(error.reason);
}
