/** Serenade's example data as events: what is learnt from, and what is asked. */

import { fileURLToPath } from 'node:url';
import type { Event } from '../gen/palate/event/v1/event_pb.ts';
import { microsOf } from '../src/events/timestamp.ts';
import { openEventFile } from '../src/exchange/event-file.ts';

export type Split = 'test' | 'valid';

/** The file of a split. */
export function clicksFile(split: Split | 'train'): string {
  return fileURLToPath(new URL(`./data/serenade/${split}.txt.gz`, import.meta.url));
}

/** All clicks of a split in the order of their times; equal times stay in the order of the file. */
export async function readClicks(split: Split | 'train'): Promise<Event[]> {
  const file = await openEventFile(clicksFile(split), {});
  const clicks = await Array.fromAsync(file.events());
  return clicks.toSorted((a, b) => atOf(a) - atOf(b));
}

function atOf({ occurredAt }: Event): number {
  return occurredAt === undefined ? 0 : microsOf(occurredAt);
}

/** The item of a click. */
export function itemOf({ payload }: Event): string {
  return payload.case === 'itemViewed' ? payload.value.itemId : '';
}

/** How often each item was clicked. */
export function frequenciesOf(clicks: readonly Event[]): Map<string, number> {
  const frequencies = new Map<string, number>();
  for (const click of clicks) frequencies.set(itemOf(click), (frequencies.get(itemOf(click)) ?? 0) + 1);
  return frequencies;
}
