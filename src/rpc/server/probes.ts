import type { HealthBoard } from '../health-board.ts';
import { sendJson } from './not-found.ts';
import type { Route } from './route.ts';

/** `/healthz`: the process is alive. `/readyz`: it serves, or 503 and which services do not. */
export function probes(health: HealthBoard): Readonly<Record<string, Route>> {
  return {
    '/healthz': (_request, response) => sendJson(response, 200, JSON.stringify({ status: 'ALIVE' })),
    '/readyz': (_request, response) => {
      const status = health.get('') ?? 'NOT_SERVING';
      const notServing = [...health.list()]
        .filter(([name, each]) => name !== '' && each !== 'SERVING')
        .map(([name]) => name);
      sendJson(response, status === 'SERVING' ? 200 : 503, JSON.stringify({ status, notServing }));
    },
  };
}
