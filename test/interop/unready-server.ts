/**
 * A server on Palate's own ports that is not ready at once, for clients to meet a retry: it refuses a session's first two
 * calls, as Palate does while it starts, and answers the third with `attempt 3`. Prints its addresses as JSON when it serves.
 */

import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../../src/errors.ts';
import { bindService } from '../../src/rpc/handlers.ts';
import { createHealthBoard } from '../../src/rpc/health-board.ts';
import { createRpcServer } from '../../src/rpc/server/rpc-server.ts';

const refusals = 2;
const attempts = new Map<string, number>();

const service = bindService(RecommendationService, {
  recommend({ sessionId }) {
    const attempt = (attempts.get(sessionId) ?? 0) + 1;
    attempts.set(sessionId, attempt);
    if (attempt <= refusals) throw new PalateError('STARTING', 'the state is being folded', { retryAfterMillis: 50 });
    return { items: [{ itemId: `attempt ${attempt}`, score: 1, strategy: 'none' }] };
  },
});
const server = createRpcServer({
  host: '127.0.0.1',
  port: 0,
  httpPort: 0,
  services: [service],
  health: createHealthBoard(),
  options: { corsOrigins: ['*'] },
});
await server.start();
console.log(JSON.stringify(server.address()));
