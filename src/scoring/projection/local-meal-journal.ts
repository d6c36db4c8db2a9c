/** The journal of this process. What becomes durable is looked at as it passes, and read only where there is a meal in it. */

import type { DurableBatch, Journal } from '../../journal/journal.ts';
import type { MealAnswer, MealJournal } from './meal-journal.ts';
import { mealPayloadOf } from './meal-reader.ts';

type ReadableJournal = Pick<Journal, 'readBlocks' | 'onDurable' | 'status'>;

/** What comes within so long is read together: to open a file for each photo would cost more than to read it. */
const gatherMillis = 100;
const heartbeatMillis = 1_000;

export function localMealJournal(
  journal: ReadableJournal,
  pendingErasures: () => number | Promise<number>,
): MealJournal {
  return {
    status: () => statusOf(journal, pendingErasures),
    follow: (afterSequence, _, signal) => follow(journal, afterSequence, signal),
    read: (afterSequence, signal) => read(journal, afterSequence, signal),
  };
}

async function statusOf(journal: ReadableJournal, pendingErasures: () => number | Promise<number>) {
  const { journalId, settledGeneration: generation, firstSequence, durableSequence } = journal.status();
  return {
    journalId,
    generation,
    firstSequence,
    lastSequence: durableSequence,
    pendingErasures: await pendingErasures(),
  };
}

async function* follow(journal: ReadableJournal, afterSequence: number, signal: AbortSignal) {
  const watch = new MealWatch(journal);
  try {
    let place = afterSequence;
    while (!signal.aborted) {
      for await (const answer of read(journal, place, signal)) {
        place = answer.throughSequence;
        yield answer;
      }
      await watch.mealOrHeartbeat(signal);
      place = Math.max(place, watch.takeQuietEnd());
    }
  } finally {
    watch.end();
  }
}

async function* read(journal: ReadableJournal, after: number, signal: AbortSignal): AsyncGenerator<MealAnswer> {
  const { settledGeneration: generation, durableSequence: end, firstSequence } = journal.status();
  let throughSequence = Math.max(after, firstSequence - 1);
  if (throughSequence < end) {
    for await (const block of journal.readBlocks({ afterSequence: throughSequence, signal })) {
      throughSequence = block.sequence(block.length - 1);
      yield { block, throughSequence, lastSequence: journal.status().durableSequence, generation };
      if (throughSequence >= end) break;
    }
  }
  if (signal.aborted) return;
  throughSequence = Math.max(throughSequence, end);
  yield { block: undefined, throughSequence, lastSequence: journal.status().durableSequence, generation };
}

/** Knows up to where nothing matters, from when it was made. */
class MealWatch {
  readonly end: () => void;
  #quietEnd = 0;
  /** Of the first batch with a meal that was not read yet. */
  #firstMeal: number | undefined;
  #wake: (() => void) | undefined;

  constructor(journal: ReadableJournal) {
    this.end = journal.onDurable((batches) => this.#look(batches));
  }

  /** Resolves when there is a meal to read, and at the latest after the time of a heartbeat. */
  async mealOrHeartbeat(signal: AbortSignal): Promise<void> {
    if (this.#firstMeal === undefined) await this.#wait(heartbeatMillis, signal, true);
    if (this.#firstMeal !== undefined) await this.#wait(gatherMillis, signal, false);
  }

  /** Up to here nothing is to be read. */
  takeQuietEnd(): number {
    const end = this.#firstMeal === undefined ? this.#quietEnd : this.#firstMeal - 1;
    this.#firstMeal = undefined;
    return end;
  }

  #look(batches: readonly DurableBatch[]): void {
    for (const { events, firstSequence, lastSequence } of batches) {
      // Until that one was read, those behind it will be read with it.
      if (this.#firstMeal === undefined && hasMeal(events)) {
        this.#firstMeal = firstSequence;
        this.#wake?.();
      }
      this.#quietEnd = lastSequence;
    }
  }

  async #wait(millis: number, signal: AbortSignal, untilMeal: boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, millis);
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
    if (untilMeal) this.#wake = resolve;
    await promise;
    this.#wake = undefined;
    clearTimeout(timer);
  }
}

function hasMeal({ bytes, from, to, length }: DurableBatch['events']): boolean {
  for (let at = 0; at < length; at++) if (mealPayloadOf(bytes, from[at], to[at]) !== undefined) return true;
  return false;
}
