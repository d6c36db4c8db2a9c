import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { after, test } from 'node:test';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { itemViewed } from '../events/event-samples.ts';
import { connect, pathOf } from '../interop/plain-client.ts';
import { servePalate } from '../servers/palate-process.ts';
import { batchMessage } from './mixed-batches.ts';
import { frame, rawAnswer, rawSession } from './raw-grpc.ts';
import { assertRefusedBy, assertServesOn } from './refusals.ts';

const server = await servePalate({ after });
const client = connect({ after }, server.grpc);
const publish = pathOf(IngestService.method.publish);
const publishStream = pathOf(IngestService.method.publishStream);
const mebibyte = 1024 * 1024;

test('what is no gRPC message is refused with a reason, and the server serves on', async (t) => {
  const session = await rawSession(t, server.grpc);
  const message = batchMessage([itemViewed('a')]);
  const bodies: Record<string, readonly [reason: string, body: Buffer]> = {
    'a truncated frame': ['MALFORMED_MESSAGE', frame(message).subarray(0, 20)],
    'a truncated head of a frame': ['MALFORMED_MESSAGE', frame(message).subarray(0, 3)],
    'a frame that is shorter than it says': ['MALFORMED_MESSAGE', frame(message, message.length + 7)],
    'a frame that is longer than it says': ['MALFORMED_MESSAGE', frame(message, message.length - 3)],
    'no frame at all': ['MALFORMED_MESSAGE', Buffer.alloc(0)],
    'bytes that are no message': [
      'MALFORMED_MESSAGE',
      frame(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3])),
    ],
    'a message of 21 MiB': ['MESSAGE_TOO_LARGE', frame(Buffer.alloc(21 * mebibyte))],
    'a frame that says it has 4 GiB': ['MESSAGE_TOO_LARGE', frame(message, 0xffffffff)],
    'gzip that is none': ['MALFORMED_MESSAGE', frame(message, message.length, 1)],
  };
  for (const [what, [reason, body]] of Object.entries(bodies)) {
    for (const path of [publish, publishStream]) {
      // An empty stream is a stream of nothing, and no error.
      if (body.length === 0 && path === publishStream) continue;
      await t.test(`${what}, ${path.split('/').at(-1)}`, async () => {
        assertRefusedBy(await rawAnswer(session, path, body, { 'grpc-encoding': 'gzip' }), reason);
      });
    }
  }
  await assertServesOn(server, client);
});

test('an unknown compression and a foreign content type are refused', async (t) => {
  const session = await rawSession(t, server.grpc);
  const body = frame(batchMessage([itemViewed('a')]), undefined, 1);
  assertRefusedBy(await rawAnswer(session, publish, body, { 'grpc-encoding': 'snappy' }), 'NOT_IMPLEMENTED');
  const foreign = await rawAnswer(session, publish, body, { 'content-type': 'text/plain' });
  assert.equal(foreign[':status' as keyof typeof foreign], 415);
  await assertServesOn(server, client);
});

test('what is no HTTP is cut off, on either port, and the server serves on', async () => {
  for (const address of [server.grpc, server.http]) {
    for (const greeting of ['GET / HTTP/1.1\r\nbroken\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', randomBytes(500)]) {
      const [host, port] = address.split(':');
      const socket = connectSocket(Number(port), host);
      socket.on('error', () => undefined);
      socket.end(greeting).resume();
      await once(socket, 'close');
    }
  }
  await assertServesOn(server, client);
});
