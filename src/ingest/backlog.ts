/**
 * What was read from callers and is not acknowledged yet, over all of them. Without this bound each stream would be within
 * its own, and all together would bury the fold.
 */

import { PalateError } from '../errors.ts';

export interface Backlog {
  /** Bytes of batches that are under way. */
  readonly bytes: number;
  /** Counts a batch while `work` runs. A batch is let in whatever its size. */
  during<Result>(bytes: number, work: () => Promise<Result>): Promise<Result>;
  /** Resolves when less than the bound is under way. What is under way ends by itself, and so does the wait. */
  room(): Promise<void>;
  /** Throws OVERLOADED where the bound is reached: for callers who cannot be held back by not reading them. */
  admit(): void;
}

export function createBacklog(maxBytes: number): Backlog {
  let bytes = 0;
  const waiting: (() => void)[] = [];
  // One after the other: who is woken has begun its batch before the next one looks for room.
  const wake = (): void => {
    if (bytes >= maxBytes) return;
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(wake);
  };
  return {
    get bytes() {
      return bytes;
    },
    async during(size, work) {
      bytes += size;
      try {
        return await work();
      } finally {
        bytes -= size;
        wake();
      }
    },
    async room() {
      if (bytes >= maxBytes) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    admit() {
      if (bytes < maxBytes) return;
      throw new PalateError('OVERLOADED', `${bytes} bytes of events are being taken in; at most ${maxBytes} may be`, {
        retryAfterMillis: 100,
      });
    },
  };
}

/** Reads the next input only while there is room. */
export async function* whileRoom<Input>(inputs: AsyncIterable<Input>, backlog: Backlog): AsyncGenerator<Input> {
  await backlog.room();
  for await (const input of inputs) {
    yield input;
    await backlog.room();
  }
}
