/** A run of events that wait to be folded one after the other: scanned here, or by another thread. */

import { mostSlotWords } from '../../events/event-slots.ts';
import { EventScanner } from '../../events/scanner.ts';
import { TextCache } from '../../events/text-cache.ts';
// Says what is wanted of events.
import './apply/scanned.ts';
import { LookAhead, mostAhead, mostHashes, writeHashes } from './look-ahead.ts';
import type { TenantState } from './tenant-state.ts';

/** The most words of an event, see `scanIntoWords`. */
export const mostEventWords = mostSlotWords + 1 + mostHashes;

/** They have the strings in common that come again and again. */
function scanners(): EventScanner[] {
  const texts = new TextCache();
  return Array.from({ length: mostAhead }, () => new EventScanner('wanted', texts));
}

const hashes = new Int32Array(mostHashes);

export class ScannedRun {
  readonly #scanners = scanners();
  /** By scanner: 1 where it has read an event. */
  readonly #isScanned = new Uint8Array(mostAhead);
  readonly #ahead = new LookAhead();

  /** The event at `at`; undefined: its bytes are not for a scanner. */
  at(at: number): EventScanner | undefined {
    return this.#isScanned[at] === 1 ? this.#scanners[at] : undefined;
  }

  /** Reads an event by itself, which nothing is looked ahead for. Undefined: its bytes are not for a scanner. */
  scanAlone(bytes: Uint8Array, from: number, to: number): EventScanner | undefined {
    const scanner = this.#scanners[0]!;
    return scanner.scan(bytes, from, to) ? scanner : undefined;
  }

  /** Reads the event that is the one at `at`, of `mostAhead` at most. */
  scan(at: number, bytes: Uint8Array, from: number, to: number): void {
    const scanner = this.#scanners[at]!;
    const isScanned = scanner.scan(bytes, from, to);
    this.#isScanned[at] = isScanned ? 1 : 0;
    if (isScanned) this.#ahead.add(scanner, hashes, 0, writeHashes(scanner, hashes, 0));
  }

  /** As `scan`, of what `scanIntoWords` wrote from `words[from]` on. */
  load(at: number, bytes: Uint8Array, words: Int32Array, from: number): void {
    const isScanned = words[from] !== 0;
    this.#isScanned[at] = isScanned ? 1 : 0;
    if (!isScanned) return;
    const scanner = this.#scanners[at]!;
    const end = scanner.load(bytes, words, from);
    this.#ahead.add(scanner, words, end + 1, end + 1 + words[end]!);
  }

  /** Reads what the events will need of their tenant's state, so that folding them waits less. Changes nothing. */
  lookAhead(tenant: TenantState | undefined): void {
    if (tenant !== undefined) this.#ahead.read(tenant);
    this.#ahead.clear();
  }
}

/**
 * Scans an event and writes what it says from `words[at]` on, for `ScannedRun.load` in another thread: its slots, a count of
 * hashes and the hashes. A single 0: it is not for a scanner. Answers where it ends.
 */
export function scanIntoWords(
  scanner: EventScanner,
  bytes: Uint8Array,
  from: number,
  to: number,
  words: Int32Array,
  at: number,
): number {
  if (!scanner.scan(bytes, from, to)) {
    words[at] = 0;
    return at + 1;
  }
  const slotsEnd = scanner.write(words, at);
  const end = writeHashes(scanner, words, slotsEnd + 1);
  words[slotsEnd] = end - slotsEnd - 1;
  return end;
}
