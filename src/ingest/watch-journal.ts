import type { Journal } from '../journal/journal.ts';
import type { Part } from '../lifecycle.ts';
import type { HealthBoard } from '../rpc/health-board.ts';

/** How often the journal's state is looked at: callers see a full disk by their answers, balancers within this time. */
const intervalMillis = 1_000;

/** Lets health say NOT_SERVING for a service while its journal takes no events, and SERVING again when it does. */
export function watchJournal(journal: Pick<Journal, 'status'>, service: string, health: HealthBoard): Part {
  let timer: NodeJS.Timeout | undefined;
  let isOpen = true;
  const look = (): void => {
    const wasOpen = isOpen;
    isOpen = journal.status().state === 'open';
    if (isOpen !== wasOpen) health.set(service, isOpen ? 'SERVING' : 'NOT_SERVING');
  };
  return {
    name: 'journal health',
    async start() {
      timer = setInterval(look, intervalMillis).unref();
    },
    async stop() {
      clearInterval(timer);
    },
  };
}
