/** A journal with the ingest service over it, as a server shows it to followers. */

import type { TestContext } from 'node:test';
import { createBacklog } from '../../../src/ingest/backlog.ts';
import { MaskedUsers } from '../../../src/ingest/masked-users.ts';
import { createIngestService } from '../../../src/ingest/service.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { runServer } from '../../rpc/running-server.ts';

export interface ServingOptions {
  readonly allowFollowers?: boolean;
  readonly heartbeatMillis?: number;
  readonly masked?: MaskedUsers;
}

/** Serves it until the test is over, and answers `host:port`. Events are appended to the journal itself. */
export async function serveJournal(t: TestContext, journal: Journal, options: ServingOptions = {}) {
  const { allowFollowers = true, heartbeatMillis = 20, masked = new MaskedUsers() } = options;
  const service = createIngestService({
    journal,
    publish: () => Promise.reject(new Error('nobody publishes here')),
    maxInFlightBatches: 1,
    backlog: createBacklog(1_000),
    duplicateWindow: 1_000,
    heartbeatMillis,
    followerHeartbeatMillis: heartbeatMillis,
    allowFollowers: () => allowFollowers,
    masked,
    // As long as somebody is masked.
    pendingErasures: () => 1,
  });
  return runServer(t, [service]);
}
