import type { Part } from '../../lifecycle.ts';
import type { HealthBoard } from '../../rpc/health-board.ts';
import type { Log } from '../../rpc/log.ts';
import type { FollowingFeed } from './following-feed.ts';

/** How often it is looked at; the bounds that matter are of seconds. */
const intervalMillis = 250;

/** Lets health say NOT_SERVING for a service while its state does not keep up, and SERVING again when it does. */
export function watchFollowing(
  feed: Pick<FollowingFeed, 'isCurrent' | 'status'>,
  service: string,
  health: HealthBoard,
  log: Log,
): Part {
  let timer: NodeJS.Timeout | undefined;
  let wasCurrent = true;
  const look = (): void => {
    const isCurrent = feed.isCurrent();
    if (isCurrent === wasCurrent) return;
    wasCurrent = isCurrent;
    health.set(service, isCurrent ? 'SERVING' : 'NOT_SERVING');
    const { lag, following } = feed.status();
    const fields = { lag, lagMillis: Math.round(following?.lagMillis ?? 0), owner: following?.address };
    if (isCurrent) log.info(fields, 'the state keeps up again');
    else log.warn(fields, 'the state does not keep up with the journal that it follows: not serving');
  };
  return {
    name: 'following health',
    async start() {
      timer = setInterval(look, intervalMillis).unref();
    },
    async stop() {
      clearInterval(timer);
    },
  };
}
