/** The test visits of Serenade's data, in the order in which they began. */

import { microsOf } from '../src/events/timestamp.ts';
import { openEventFile } from '../src/exchange/event-file.ts';

export interface TestSession {
  readonly sessionId: string;
  /** In the order of their times; repeats stay. */
  readonly itemIds: readonly string[];
}

/** Reads a file of clicks (`SessionId ItemId Time`) as visits. */
export async function readTestSessions(path: string): Promise<TestSession[]> {
  const clicks = new Map<string, { itemId: string; atMicros: number }[]>();
  const file = await openEventFile(path, {});
  for await (const { sessionId, occurredAt, payload } of file.events()) {
    if (payload.case !== 'itemViewed' || occurredAt === undefined) continue;
    const visit = clicks.get(sessionId) ?? [];
    visit.push({ itemId: payload.value.itemId, atMicros: microsOf(occurredAt) });
    clicks.set(sessionId, visit);
  }
  return [...clicks]
    .map(([sessionId, visit]) => ({ sessionId, visit: visit.toSorted((a, b) => a.atMicros - b.atMicros) }))
    .toSorted((a, b) => (a.visit[0]?.atMicros ?? 0) - (b.visit[0]?.atMicros ?? 0))
    .map(({ sessionId, visit }) => ({ sessionId, itemIds: visit.map(({ itemId }) => itemId) }));
}
