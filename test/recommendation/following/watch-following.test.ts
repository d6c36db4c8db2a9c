import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { watchFollowing } from '../../../src/recommendation/following/watch-following.ts';
import type { FeedStatus } from '../../../src/recommendation/state-feed.ts';
import { createHealthBoard } from '../../../src/rpc/health-board.ts';

test('health follows whether the state keeps up, and the log says so once', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  const lines: string[] = [];
  const note = (_: object, message: string) => void lines.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const health = createHealthBoard();
  health.set('recommendation', 'SERVING');
  let current = true;
  const feed = { isCurrent: () => current, status: () => ({ lag: 5 }) as FeedStatus };
  const watch = watchFollowing(feed, 'recommendation', health, log);
  await watch.start?.();
  for (const [next, expected] of [
    [true, 'SERVING'],
    [false, 'NOT_SERVING'],
    [false, 'NOT_SERVING'],
    [true, 'SERVING'],
  ] as const) {
    current = next;
    mock.timers.tick(250);
    assert.equal(health.get('recommendation'), expected);
  }
  await watch.stop?.();
  mock.timers.reset();
  assert.equal(lines.length, 2);
});
