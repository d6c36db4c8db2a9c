/** `kill -9` while a person is being erased, under load, and what must be true after the restart. */

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import type { Client } from '@grpc/grpc-js';
import { type Event, EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { event, freshEventId } from '../events/event-samples.ts';
import { call, connect, openServerStream } from '../interop/plain-client.ts';
import { eventually, kill, runPalate, servePalate } from '../servers/palate-process.ts';
import { type Batch, batchMessage } from './mixed-batches.ts';
import { publishAtFullSpeed } from './publish-at-full-speed.ts';

/** So small that there are many segments to rewrite. */
const args = ['--set', 'journal.segmentBytes=64KiB'];

const ann = { userId: 'ann-of-kings-lynn', visitorId: 'phone-ann-of-kings-lynn', sessionId: 'visit-ann-of-kings-lynn' };
const annsMark = 'kings-lynn';
const occurredAt = { seconds: 1_760_000_000n, nanos: 0 };
type Who = Partial<typeof ann>;
type Payload = Parameters<typeof event>[0];

const by = (who: Who, payload: Payload): Event => event(payload, { ...who, eventId: freshEventId(), occurredAt });
const viewed = (who: Who, at: number) => by(who, { case: 'itemViewed', value: { itemId: `item-${at % 100}` } });
const other = (at: number): Who => ({ userId: `user-${at % 50}`, sessionId: `visit-${at % 50}-${at >> 8}` });
let made = 0;

/** One event in ten is hers, by her user, her visitor or her session. */
function batchWithAnn(): Batch {
  const hers: Who[] = [ann, { visitorId: ann.visitorId }, { sessionId: ann.sessionId }];
  return batchOf(Array.from({ length: 200 }, (_, at) => viewed(at % 10 === 0 ? hers[at % 3]! : other(made), made++)));
}

function batchOf(events: readonly Event[]): Batch {
  const bytes = events.map((one) => Buffer.from(toBinary(EventSchema, one)));
  return { message: batchMessage(bytes), events: bytes };
}

function* endlessOthers(): Generator<Batch> {
  while (true) yield batchOf(Array.from({ length: 50 }, () => viewed(other(made), made++)));
}

/** When the server is killed: so long after the erasure was asked for, acknowledged, or began to rewrite segments. */
export interface KillAt {
  readonly after: 'asked' | 'acknowledged' | 'rewriting';
  readonly millis: number;
}

/** The longest wait before the kill, in milliseconds. */
const longest = { asked: 150, acknowledged: 500, rewriting: 60 } as const;
const stages = Object.keys(longest) as KillAt['after'][];

/** A moment to kill at, by chance; the rounds take turns with the stages. */
export function anyMoment(round: number): KillAt {
  const after = stages[round % stages.length]!;
  return { after, millis: Math.random() * longest[after] };
}

/** One round: publish, ask for the erasure under load, kill, restart, ask again, compare. */
export async function erasureRound(t: TestContext, killAt: KillAt): Promise<string> {
  const server = await servePalate(t, { args });
  const { dataFolder } = server;
  const client = connect(t, server.grpc);
  const first = [
    batchOf([by(ann, { case: 'identityMerged', value: {} })]),
    ...Array.from({ length: 40 }, batchWithAnn),
  ];
  // One at a time, each in a group of its own: groups are what fills segments.
  for (const batch of first) assert.equal(await publishAtFullSpeed(client, [batch]).ended, undefined);
  const load = publishAtFullSpeed(client, endlessOthers());
  await load.firstAcknowledged;
  const erasure = by({ userId: ann.userId }, { case: 'userErased', value: {} });
  let wasAcknowledged = false;
  const asked = publish(client, erasure).then(
    ({ accepted }) => {
      wasAcknowledged = accepted === 1;
    },
    () => undefined,
  );
  if (killAt.after === 'acknowledged') await asked;
  if (killAt.after === 'rewriting') await eventually('segments are rewritten', () => isRewriting(dataFolder));
  await sleep(killAt.millis);
  await kill(server);
  await Promise.all([asked, load.ended]);
  const acknowledged = [...first, ...load.sent.filter((batch) => batch.acknowledgement !== undefined)];
  const left = await placesOf(dataFolder);
  await assertErased(t, dataFolder, erasure, wasAcknowledged, acknowledged);
  return `${wasAcknowledged ? 'acknowledged' : 'not acknowledged'}, ${left} segments had her when it was killed`;
}

async function assertErased(
  t: TestContext,
  dataFolder: string,
  erasure: Event,
  wasAcknowledged: boolean,
  acknowledged: readonly Batch[],
): Promise<void> {
  const restarted = await servePalate(t, { dataFolder, args });
  const client = connect(t, restarted.grpc);
  if (wasAcknowledged) assert.equal(await placesOf(dataFolder), 0, 'she is erased before anything is answered');
  else await publish(client, erasure);
  const status = () => call(client, IngestService.method.getJournalStatus, {});
  await eventually('the erasure is finished', async () => (await status()).pendingErasures === 0, 30_000);
  assert.equal(await placesOf(dataFolder), 0);
  const late = await publish(client, viewed(ann, 0), viewed({ visitorId: ann.visitorId }, 0));
  assert.deepEqual(
    late.rejected.map(({ reason }) => reason),
    ['USER_ERASED', 'USER_ERASED'],
  );
  await assertKept(client, acknowledged);
  const { digest, people } = await call(client, RecommendationService.method.getStateStatus, { liveDigest: true });
  assert.ok(people <= 50n);
  assert.equal(await restarted.stop(), 0);
  const { stdout } = await runPalate(['replay', '--data', dataFolder, '--json']);
  assert.equal(JSON.parse(stdout).digests[''], digest);
  assert.equal(await placesOf(dataFolder), 0);
}

/** Whether a segment of the next generation has taken the place of an older one. */
async function isRewriting(dataFolder: string): Promise<boolean> {
  const names = await readdir(join(dataFolder, 'journal'));
  return names.some((name) => /-00000002\.segment/.test(name) && name.startsWith('0000000000000001-'));
}

async function publish(client: Client, ...events: Event[]) {
  return call(client, IngestService.method.publish, { events }, { deadline: Date.now() + 20_000 });
}

/** Of others, each acknowledged event is there to the byte; of her, none. */
async function assertKept(client: Client, acknowledged: readonly Batch[]): Promise<void> {
  const kept = new Set<string>();
  for await (const { records } of openServerStream(client, IngestService.method.subscribe, { untilEnd: true })) {
    for (const { event: one } of records) {
      if (one !== undefined) kept.add(Buffer.from(toBinary(EventSchema, create(EventSchema, one))).toString('latin1'));
    }
  }
  for (const { events } of acknowledged) {
    for (const bytes of events) assert.equal(kept.has(bytes.toString('latin1')), !bytes.includes(annsMark));
  }
}

/** How many files of the data folder hold an id of hers. */
async function placesOf(dataFolder: string): Promise<number> {
  for (;;) {
    try {
      return await placesNow(dataFolder);
    } catch (error) {
      // A file got another name in between: it must not go unseen.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

async function placesNow(dataFolder: string): Promise<number> {
  let count = 0;
  for (const entry of await readdir(dataFolder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && (await readFile(join(entry.parentPath, entry.name))).includes(annsMark)) count++;
  }
  return count;
}
