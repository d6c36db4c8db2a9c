import { entryBeside } from '../../../src/threads/entry.ts';
import type { LogLevel } from '../../../src/threads/messages.ts';

/** The thread of `toy.worker.ts`. */
export const toyEntry = entryBeside(import.meta.url, './toy.worker');

/** An image for it. */
export function toyImage(first: number, second = 0): Uint8Array {
  return Uint8Array.from([first, second, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
}

/** A log that keeps its lines, and wakes who waits for one. */
export function keptLog() {
  const lines: { level: LogLevel; fields: Record<string, unknown>; message: string }[] = [];
  let wake = Promise.withResolvers<void>();
  const into = (level: LogLevel) => (fields: object, message: string) => {
    lines.push({ level, fields: { ...fields }, message });
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const log = { debug: into('debug'), info: into('info'), warn: into('warn'), error: into('error') };
  /** Resolves when so many lines match. */
  async function until(pattern: RegExp, count = 1): Promise<void> {
    while (lines.filter(({ message }) => pattern.test(message)).length < count) await wake.promise;
  }
  return { log, lines, until };
}
