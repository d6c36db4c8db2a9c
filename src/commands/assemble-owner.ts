/** Wires a process with a journal of its own: the services that its roles ask for, and what carries them. */

import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { Config } from '../config.ts';
import { beforeWindow } from '../ingest/before-window.ts';
import { DuplicateRecall } from '../ingest/duplicate-recall.ts';
import { createDuplicates } from '../ingest/duplicates.ts';
import type { Erasures } from '../ingest/erasure/open-erasures.ts';
import { MaskedUsers } from '../ingest/masked-users.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/open-journal.ts';
import type { Part } from '../lifecycle.ts';
import { createState } from '../recommendation/fold/state.ts';
import { JournalFeed } from '../recommendation/state-feed.ts';
import { createMemoryClient } from '../rpc/client/memory-client.ts';
import type { BoundService } from '../rpc/handlers.ts';
import { createHealthBoard, type HealthBoard } from '../rpc/health-board.ts';
import type { Log } from '../telemetry/log.ts';
import { createErasures, ingestRole } from './assemble-ingest.ts';
import { type Meters, measureJournal } from './assemble-metrics.ts';
import { pastParts } from './assemble-past.ts';
import { recommendationService, type Services, scoringRole } from './assemble-roles.ts';
import type { ScoringParts } from './assemble-scoring.ts';
import { foldSettings, journalFolder } from './settings.ts';

/** The services of a process with a journal of its own. */
export async function servicesOfOwner(config: Config, log: Log, meters: Meters): Promise<Services> {
  const journal = await openJournal({
    folder: journalFolder(config),
    ...config.journal,
    log: log.child({ part: 'journal' }),
    watch: meters.journal,
  });
  measureJournal(meters, config, journal);
  const health = createHealthBoard();
  const services: BoundService[] = [];
  const parts: Part[] = [{ name: 'journal', stop: () => journal.close() }];
  const recall = createRecall(config, journal, () => feed, log);
  const feed: JournalFeed | undefined = config.roles.includes('recommendation')
    ? createFeed(config, journal, health, log)
    : undefined;
  const masked = new MaskedUsers();
  let erasures: Erasures | undefined;
  let scoring: ScoringParts | undefined;
  const past = feed && pastParts(config, journal, feed, () => erasures?.isBusy() ?? false, log, meters);
  if (config.roles.includes('ingest')) {
    const scores = { followJournal: async (signal: AbortSignal) => scoring?.forgetErased(signal) };
    erasures = await createErasures(config, journal, feed, past, masked, scores, log);
  }
  if (erasures !== undefined) parts.push(erasures.part);
  if (past !== undefined) parts.push(past.before);
  // After the snapshot is loaded, which tells how much is to be read, and while the rest is folded.
  if (config.roles.includes('ingest')) parts.push(recall.early);
  if (feed !== undefined && past !== undefined) {
    services.push(recommendationService(config, feed, log, past));
    parts.push(feed, ...past.after);
  }
  if (erasures !== undefined) {
    const ingest = ingestRole(config, journal, feed, erasures, masked, recall, health, meters);
    services.push(ingest.service);
    parts.push(...ingest.parts);
    if (config.roles.includes('scoring')) {
      scoring = await scoringRole(
        config,
        { ingest: createMemoryClient(ingest.service), journal },
        services,
        log,
        meters,
      );
      services.push(scoring.service, scoring.inference);
      // Models load in threads of their own, while the journal is folded.
      parts.splice(1, 0, scoring.early);
      parts.push(...scoring.parts);
    }
  }
  return { services, parts, health };
}

/** Recalls the ids of the newest events. */
function createRecall(
  config: Config,
  journal: Journal,
  feed: () => JournalFeed | undefined,
  log: Log,
): DuplicateRecall {
  const { duplicateWindow: capacity } = config.ingest;
  const oldEnough = () => {
    const state = feed()?.state;
    if (state === undefined) return 0;
    return beforeWindow(state.tenantNames().length, state.sequence, journal.status().durableSequence, capacity);
  };
  const folder = journalFolder(config);
  const isStateFolded = config.roles.includes('recommendation');
  const help = { folder, capacity, log: log.child({ part: 'ingest' }), isStateFolded };
  return new DuplicateRecall(journal, createDuplicates(capacity), oldEnough, help);
}

function createFeed(config: Config, journal: Journal, health: HealthBoard, log: Log): JournalFeed {
  // A state that stands still would go on answering from the past.
  const onFailure = () => health.set(RecommendationService.typeName, 'NOT_SERVING');
  return new JournalFeed({
    state: createState(foldSettings(config)),
    journal,
    onFailure,
    log: log.child({ part: 'state' }),
    folder: journalFolder(config),
  });
}
