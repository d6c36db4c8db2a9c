import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { freshEventId, itemViewed, samplePayloads } from '../events/event-samples.ts';
import { call, connect, pathOf } from '../interop/plain-client.ts';
import { eventually, servePalate } from '../servers/palate-process.ts';
import { journalEnd, readJournal } from './journalled.ts';
import { batchMessage, mixedBatch } from './mixed-batches.ts';
import { publishAtFullSpeed } from './publish-at-full-speed.ts';
import { frame, rawCall, rawSession } from './raw-grpc.ts';
import { assertServesOn } from './refusals.ts';

const server = await servePalate({ after });
const client = connect({ after }, server.grpc);
const { publish, publishStream, subscribe } = IngestService.method;

/** Memory that the server holds, in MiB. Linux only. */
async function residentMebibytes(): Promise<number> {
  const status = await readFile(`/proc/${server.process.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

test('a hundred streams at once are all served', async () => {
  const before = await journalEnd(client);
  const streams = Array.from({ length: 100 }, () =>
    publishAtFullSpeed(client, [mixedBatch(20), mixedBatch(20), mixedBatch(20)]),
  );
  for (const { ended, sent } of streams) {
    assert.equal(await ended, undefined);
    assert.deepEqual(
      sent.map(({ acknowledgement }) => acknowledgement?.accepted),
      [20, 20, 20],
    );
  }
  assert.equal((await readJournal(client, before)).length, 6_000);
  await assertServesOn(server, client);
});

test('subscribers that stop reading cost a bounded amount of memory', async (t) => {
  // 48 MiB for each of ten readers, of which they take nothing.
  for (let round = 0; round < 12; round++) await call(client, publish, { events: bulkyEvents(20) });
  const before = await residentMebibytes();
  for (let reader = 0; reader < 10; reader++) {
    // By hand: a grpc-js client would read into a queue of its own.
    rawCall(await rawSession(t, server.grpc), pathOf(subscribe)).end(frame(new Uint8Array()));
  }
  await settled();
  const grown = (await residentMebibytes()) - before;
  t.diagnostic(`${grown.toFixed(0)} MiB more`);
  assert.ok(grown < 150, `the server grew by ${grown} MiB for readers that do not read`);
  await assertServesOn(server, client);
});

test('a publisher that takes no acknowledgements is not read any further', async (t) => {
  const before = { mebibytes: await residentMebibytes(), end: await journalEnd(client) };
  const stream = rawCall(await rawSession(t, server.grpc), pathOf(publishStream));
  // All but one event of a batch are rejected, each with a sentence: 120 kB of answer for 4 kB of batch.
  const empty = Array.from({ length: 2_000 }, () => new Uint8Array());
  for (let sent = 0; sent < 1_000; sent++) stream.write(frame(batchMessage([itemViewed('a'), ...empty])));
  await settled();
  const taken = (await journalEnd(client)) - before.end;
  const grown = (await residentMebibytes()) - before.mebibytes;
  t.diagnostic(`${taken} of 1,000 batches taken, ${grown.toFixed(0)} MiB more`);
  // The 64 that may be in flight, and what is on the way to and from them.
  assert.ok(taken < 80, `${taken} batches were taken from a client that does not read`);
  assert.ok(grown < 200, `the server grew by ${grown} MiB for a client that does not read`);
  await assertServesOn(server, client);
});

test('who disconnects in the middle of a batch leaves nothing of it behind', async (t) => {
  const before = await journalEnd(client);
  const whole = frame(batchMessage(Array.from({ length: 200 }, () => itemViewed('a'))));
  for (const method of [publish, publishStream]) {
    const session = await rawSession(t, server.grpc);
    const stream = rawCall(session, pathOf(method));
    await new Promise((resolve) => stream.write(whole.subarray(0, whole.length / 2), resolve));
    session.destroy();
  }
  await assertServesOn(server, client);
  assert.equal((await readJournal(client, before)).length, 1);
});

test('who disconnects before the acknowledgement may send the batch again', async (t) => {
  const before = await journalEnd(client);
  const batch = batchMessage(Array.from({ length: 200 }, () => itemViewed('a')));
  const session = await rawSession(t, server.grpc);
  await new Promise((resolve) => rawCall(session, pathOf(publishStream)).write(frame(batch), resolve));
  session.destroy();
  const [again] = publishAtFullSpeed(client, [{ message: batch, events: [] }]).sent;
  await eventually('the batch is acknowledged', () => again?.acknowledgement !== undefined);
  const { accepted = 0, duplicates = 0 } = again?.acknowledgement ?? {};
  assert.equal(accepted + duplicates, 200);
  assert.equal((await readJournal(client, before)).length, 200);
  await assertServesOn(server, client);
});

test('a connection that says nothing, and one that says half a greeting, cost nobody else', async (t) => {
  for (const address of [server.grpc, server.http]) {
    for (const greeting of ['', 'PRI * HTT', 'POST /palate']) {
      const [host, port] = address.split(':');
      const socket = connectSocket(Number(port), host);
      socket.on('error', () => undefined);
      t.after(() => socket.destroy());
      socket.write(greeting);
    }
  }
  await assertServesOn(server, client);
});

/** Events of 200 KiB each: what makes them large is a field of a later version. */
function bulkyEvents(count: number) {
  const data = new Uint8Array(200 * 1024);
  return Array.from({ length: count }, () => {
    const event = create(EventSchema, { eventId: freshEventId(), payload: samplePayloads.itemViewed });
    event.$unknown = [{ no: 9_000, wireType: 2, data: Buffer.concat([varintOf(data.length), data]) }];
    return event;
  });
}

function varintOf(value: number): Buffer {
  return Buffer.from([(value & 127) | 128, ((value >> 7) & 127) | 128, value >> 14]);
}

/** Waits until the server's memory has stopped growing: all that it would read or write is read or written. */
async function settled(): Promise<void> {
  let last = 0;
  await eventually('the memory settles', async () => {
    await sleep(200);
    const now = await residentMebibytes();
    const isSettled = now - last < 2;
    last = now;
    return isSettled;
  });
}
