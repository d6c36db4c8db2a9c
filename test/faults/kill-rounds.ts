/** `kill -9` in the middle of a full-speed `PublishStream`, and what must be true after the restart. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@grpc/grpc-js';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { call, connect } from '../interop/plain-client.ts';
import { kill, runPalate, servePalate } from '../servers/palate-process.ts';
import { type JournalledEvent, readJournal } from './journalled.ts';
import { publishAtFullSpeed, type SentBatch } from './publish-at-full-speed.ts';

/** So small that the kill may hit the change from one segment to the next. */
const segments = ['--set', 'journal.segmentBytes=2MiB'];
/** Snapshots one after the other, so that the kill may hit one that is being written. */
export const alwaysSnapshots = ['--set', 'recommendation.snapshots.everyEvents=1000'];

/**
 * One round: publish, kill, restart, compare, send the rest again, compare the digest with a replay.
 *
 * @param longestRunMillis the kill comes at a random moment within so long after the first acknowledgement.
 * @param settings more arguments of the server.
 */
export async function killRound(
  t: TestContext,
  longestRunMillis: number,
  settings: readonly string[] = [],
): Promise<string> {
  const args = [...segments, ...settings];
  const { dataFolder, sent } = await publishUntilKilled(t, longestRunMillis, args);
  const restarted = await servePalate(t, { dataFolder, args });
  const client = connect(t, restarted.grpc);
  const kept = await readJournal(client);
  assertNothingLost(sent, kept);
  const again = sent.filter(({ acknowledgement }) => acknowledgement === undefined);
  await sendAgain(client, again, kept);
  const live = await stateDigest(client);
  assert.equal(await restarted.stop(), 0);
  const replayed = await servePalate(t, { dataFolder, args });
  assert.deepEqual(await stateDigest(connect(t, replayed.grpc)), live);
  await kill(replayed);
  const { stdout, stderr } = await runPalate(['replay', '--json', '--data', dataFolder]);
  assert.ok(stdout.includes(live.digest), `a replay of the whole journal comes to another state: ${stdout}${stderr}`);
  return `${sent.length} batches sent, ${sent.length - again.length} acknowledged, ${kept.length / 200} found`;
}

async function publishUntilKilled(t: TestContext, longestRunMillis: number, args: readonly string[]) {
  const server = await servePalate(t, { args });
  const publishing = publishAtFullSpeed(connect(t, server.grpc));
  await publishing.firstAcknowledged;
  await sleep(Math.random() * longestRunMillis);
  await kill(server);
  const error = await publishing.ended;
  assert.equal(error?.code, 14, `the stream was to break off, and did not: ${error?.message}`);
  return { dataFolder: server.dataFolder, sent: publishing.sent };
}

/** What is there is the beginning of what was sent, once each, to the byte, and no acknowledged batch is beyond it. */
function assertNothingLost(sent: readonly SentBatch[], kept: readonly JournalledEvent[]): void {
  const events = sent.flatMap((batch) => batch.events);
  assert.ok(kept.length <= events.length);
  for (const [at, { bytes, sequence }] of kept.entries()) {
    assert.ok(bytes.equals(events[at]!), `sequence ${sequence} is not what was sent`);
    if (at > 0) assert.ok(sequence > kept[at - 1]!.sequence);
  }
  let before = 0;
  for (const [index, { acknowledgement, events: own }] of sent.entries()) {
    if (acknowledgement !== undefined) {
      const { accepted, firstSequence, lastSequence } = acknowledgement;
      assert.equal(accepted, own.length, `batch ${index}: ${JSON.stringify(acknowledgement.rejected)}`);
      assert.equal(kept[before]?.sequence, Number(firstSequence), `the first event of batch ${index} is lost`);
      assert.equal(kept[before + own.length - 1]?.sequence, Number(lastSequence), `batch ${index} is not whole`);
    }
    before += own.length;
  }
}

/** After it, every event is there once: those that were kept are duplicates now, and the others are accepted. */
async function sendAgain(client: Client, again: readonly SentBatch[], kept: readonly JournalledEvent[]): Promise<void> {
  const resent = publishAtFullSpeed(client, again);
  assert.equal(await resent.ended, undefined);
  const known = new Set(kept.map(({ bytes }) => bytes.toString('latin1')));
  const fresh: Buffer[] = [];
  for (const { acknowledgement, events } of resent.sent) {
    const unknown = events.filter((event) => !known.has(event.toString('latin1')));
    assert.equal(acknowledgement?.accepted, unknown.length);
    assert.equal(acknowledgement.duplicates, events.length - unknown.length);
    assert.deepEqual(acknowledgement.rejected, []);
    fresh.push(...unknown);
  }
  const added = await readJournal(client, kept.at(-1)?.sequence ?? 0);
  assert.deepEqual(
    added.map(({ bytes }) => bytes),
    fresh,
  );
}

async function stateDigest(client: Client) {
  const { digest, events, items, people, sessions, sequence } = await call(
    client,
    RecommendationService.method.getStateStatus,
    { liveDigest: true },
    { deadline: Date.now() + 20_000 },
  );
  assert.match(digest, /^[0-9a-f]{64}$/);
  return { digest, events, items, people, sessions, sequence };
}
