/** Recognises events that were delivered before, by tenant, across restarts. */

import { isPalateError } from '../errors.ts';
import { type EventIdWords, readEventId } from '../events/event-id.ts';
import type { Journal } from '../journal/journal.ts';
import { DuplicateWindow } from './duplicate-window.ts';

export interface Duplicates {
  /** The window of a tenant; made when it is first written to. */
  of(tenant: string): DuplicateWindow;
}

export function createDuplicates(capacity: number): Duplicates {
  const windows = new Map<string, DuplicateWindow>();
  return {
    of(tenant) {
      let window = windows.get(tenant);
      if (window === undefined) {
        window = new DuplicateWindow(capacity);
        windows.set(tenant, window);
      }
      return window;
    },
  };
}

/**
 * Rebuilds the windows from what the journal holds. It reads the ids alone, without decoding events.
 * Throws what the journal throws: a corrupt record must not make a duplicate look new.
 */
export async function recallDuplicates(journal: Journal, duplicates: Duplicates, signal?: AbortSignal): Promise<void> {
  const words: EventIdWords = new Uint32Array(4);
  for await (const records of journal.read({ afterSequence: 0, signal })) {
    for (const record of records) {
      if (record.kind === 'event' && readKnownId(record.event, words)) duplicates.of(record.tenant).add(words);
    }
  }
}

/** Events were checked before they were journalled; one that a later version wrote may still not be walkable here. */
function readKnownId(event: Uint8Array, words: EventIdWords): boolean {
  try {
    return readEventId(event, words);
  } catch (error) {
    if (isPalateError(error)) return false;
    throw error;
  }
}
