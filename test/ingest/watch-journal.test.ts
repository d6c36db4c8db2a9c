import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { watchJournal } from '../../src/ingest/watch-journal.ts';
import type { JournalState, JournalStatus } from '../../src/journal/journal.ts';
import { createHealthBoard } from '../../src/rpc/health-board.ts';

test('health follows whether the journal takes events', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  let state: JournalState = 'open';
  const health = createHealthBoard();
  health.set('ingest', 'SERVING');
  const watch = watchJournal({ status: () => ({ state }) as JournalStatus }, 'ingest', health);
  await watch.start?.();
  for (const [next, expected] of [
    ['open', 'SERVING'],
    ['full', 'NOT_SERVING'],
    ['full', 'NOT_SERVING'],
    ['open', 'SERVING'],
    ['failed', 'NOT_SERVING'],
  ] as const) {
    state = next;
    mock.timers.tick(1_000);
    assert.equal(health.get('ingest'), expected);
  }
  await watch.stop?.();
  state = 'open';
  mock.timers.tick(5_000);
  assert.equal(health.get('ingest'), 'NOT_SERVING');
  mock.timers.reset();
});
