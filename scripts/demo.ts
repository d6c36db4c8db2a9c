/**
 * `npm run demo`: a server, real clicks, and what it makes of them. It tells its story on standard output and goes on
 * serving until it is interrupted.
 */

import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IngestService } from '../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService, type RecommendedItem } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { ScoringService } from '../gen/palate/scoring/v1/scoring_pb.ts';
import { createProgressBar, grouped } from '../src/commands/progress-bar.ts';
import { itemsTable } from '../src/commands/recommended-items.ts';
import { outputOf } from '../src/commands/terminal.ts';
import { newUuid } from '../src/events/uuid.ts';
import { type BulkTotals, publishAll } from '../src/exchange/bulk-publisher.ts';
import { openEventFile } from '../src/exchange/event-file.ts';
import { createGrpcClient } from '../src/rpc/client/grpc-client.ts';
import { showPhotos } from './demo-photos.ts';
import { type RunningServer, startServer } from './server-process.ts';
import { readTestSessions, type TestSession } from './test-sessions.ts';

const clicks = fileURLToPath(new URL('../bench/data/serenade/train.txt.gz', import.meta.url));
const testClicks = fileURLToPath(new URL('../bench/data/serenade/test.txt.gz', import.meta.url));
const dataFolder = 'data/demo';
const stdout = outputOf(process.stdout);

const say = (text = ''): void => {
  process.stdout.write(`${text}\n`);
};
const heading = (text: string): void => say(`\n${text}\n${'-'.repeat(text.length)}`);

function clientsOf(server: RunningServer) {
  return {
    ingest: createGrpcClient(IngestService, server.grpc),
    recommendation: createGrpcClient(RecommendationService, server.grpc),
    scoring: createGrpcClient(ScoringService, server.grpc),
  };
}
type Clients = ReturnType<typeof clientsOf>;

async function loadClicks({ ingest }: Clients): Promise<void> {
  heading('1. What went in');
  say(
    'Real clicks of a web shop (the data of bol.com’s Serenade, Apache-2.0), as item_viewed events over one gRPC stream.',
  );
  const file = await openEventFile(clicks, {});
  const bar = createProgressBar({ output: outputOf(process.stderr), unit: 'clicks' });
  const startedAt = performance.now();
  const totals: BulkTotals = await publishAll(file.events(), {
    client: ingest.call,
    batchEvents: 500,
    maxInFlight: 32,
    patienceMillis: 10_000,
    onProgress: ({ accepted }) => bar.update(accepted),
  });
  bar.finish(totals.accepted);
  const seconds = (performance.now() - startedAt) / 1_000;
  say(
    `${grouped(totals.accepted)} clicks in ${seconds.toFixed(1)} s (${grouped(totals.accepted / seconds)}/s, reading the file included): ` +
      'each one on the disk and in the state before it was acknowledged.',
  );
}

async function showState({ recommendation }: Clients): Promise<void> {
  const { items, sessions, digest } = await recommendation.call.getStateStatus({});
  say(
    `The state now knows ${grouped(Number(sessions))} visits and ${grouped(Number(items))} items. Its digest: ${digest.slice(0, 16)}…`,
  );
}

/** Sends one click and waits until it is durable and folded. Milliseconds. */
async function click({ ingest }: Clients, sessionId: string, itemId: string): Promise<number> {
  const startedAt = performance.now();
  await ingest.call.publish({
    events: [{ eventId: newUuid(), sessionId, payload: { case: 'itemViewed', value: { itemId } } }],
  });
  return performance.now() - startedAt;
}

async function ask(
  { recommendation }: Clients,
  sessionId: string,
): Promise<{ items: RecommendedItem[]; millis: number }> {
  const request = { placement: 'home', sessionId, limit: 5, explain: true };
  await recommendation.call.recommend(request);
  const startedAt = performance.now();
  const { items } = await recommendation.call.recommend(request);
  return { items, millis: performance.now() - startedAt };
}

async function showSession(clients: Clients, { itemIds }: TestSession): Promise<void> {
  const sessionId = 'demo-visit';
  const [first = '', second = '', third = ''] = itemIds;
  heading('2. One visit');
  say(`A visitor whom the server has never seen looks at item ${first}, and then at item ${second}.`);
  await click(clients, sessionId, first);
  await click(clients, sessionId, second);
  const before = await ask(clients, sessionId);
  say(`What to show next, asked over gRPC and answered in ${before.millis.toFixed(1)} ms:\n`);
  say(itemsTable(before.items));

  heading('3. What changed a moment later');
  const millis = await click(clients, sessionId, third);
  const after = await ask(clients, sessionId);
  const known = new Set(before.items.map(({ itemId }) => itemId));
  const fresh = after.items.filter(({ itemId }) => !known.has(itemId)).length;
  const rank = before.items.findIndex(({ itemId }) => itemId === third) + 1;
  const guess = rank > 0 ? ` That was number ${rank} of what was recommended.` : '';
  say(`The visitor clicks on item ${third}.${guess} One more event, durable and folded in ${millis.toFixed(1)} ms;`);
  say(`the very next answer knows it (${fresh} of 5 are new), in ${after.millis.toFixed(1)} ms:\n`);
  say(itemsTable(after.items));
}

function showWhatNext(server: RunningServer): void {
  heading('5. Your turn (in another terminal)');
  say(`npx palate recommend --address ${server.grpc} --session demo-visit --explain`);
  say(`npx palate publish --address ${server.grpc} '{"sessionId":"me","itemViewed":{"itemId":"${'13598'}"}}'`);
  say(`npx palate score --address ${server.grpc} --user ada bench/data/grocery`);
  say(`npx palate status --address ${server.grpc} --digest`);
  say(`curl -s -H 'content-type: application/json' -d '{"placement":"home","recentItemIds":["13598"],"limit":3}' \\`);
  say(`  http://${server.http}/palate.recommendation.v1.RecommendationService/Recommend`);
  say('\nThe server goes on until Ctrl-C. Console:');
  say(`http://${server.http}/`);
}

async function demo(): Promise<void> {
  rmSync(dataFolder, { recursive: true, force: true });
  say(
    'Palate: typed events and photos in, recommendations and scores out. Starting a server with its own journal in data/demo …',
  );
  const server = await startServer({ dataFolder, preferredPorts: true, stdout });
  const clients = clientsOf(server);
  await loadClicks(clients);
  await showState(clients);
  const sessions = await readTestSessions(testClicks);
  const session = sessions.find(({ itemIds }) => new Set(itemIds.slice(0, 3)).size === 3);
  if (session !== undefined) await showSession(clients, session);
  heading('4. A meal');
  await showPhotos({ scoring: clients.scoring.call, recommendation: clients.recommendation.call, say });
  showWhatNext(server);
  clients.ingest.close();
  clients.scoring.close();
  clients.recommendation.close();
  process.exitCode = await server.ended;
}

await demo();
