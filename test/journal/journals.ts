import type { Journal } from '../../src/journal/journal.ts';
import { type JournalOptions, openJournal } from '../../src/journal/open-journal.ts';
import type { JournalRecord } from '../../src/journal/record.ts';
import { randomFrom, SimulatedDisk } from './simulated-disk.ts';

/** What the journal's tests share: opening one on a simulated disk, and reading one whole. */

export const folder = '/journal';
export const noTrace = new Uint8Array(0);

export function newDisk(seed = 1): SimulatedDisk {
  return new SimulatedDisk(randomFrom(seed));
}

export function openOn(disk: SimulatedDisk, options: Partial<JournalOptions> = {}): Promise<Journal> {
  return openJournal({ folder, durability: 'disk', disk, ...options });
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function batchOf(...texts: string[]) {
  return { tenant: '', trace: noTrace, events: texts.map(bytes) };
}

/** Appends and waits until it is durable. */
export async function appended(journal: Journal, ...texts: string[]): Promise<number> {
  const { durable, lastSequence } = journal.append(batchOf(...texts));
  await durable;
  return lastSequence;
}

export async function readAll(journal: Journal, afterSequence = 0): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const batch of journal.read({ afterSequence })) records.push(...batch);
  return records;
}

/** The events as text, with their sequences: `1:a 2:b`. */
export async function contents(journal: Journal, afterSequence = 0): Promise<string> {
  const records = await readAll(journal, afterSequence);
  return records.map(({ sequence, event }) => `${sequence}:${new TextDecoder().decode(event)}`).join(' ');
}

/** Waits for a condition, at most two seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 2_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('the condition did not come true within two seconds');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
