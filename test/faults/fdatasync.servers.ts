/** A trace of the server's system calls shows that no acknowledgement leaves before its event is on the disk. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { IngestService, PublishResponseSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { event } from '../events/event-samples.ts';
import { call, connect } from '../interop/plain-client.ts';
import { servePalate, temporaryFolder } from '../servers/palate-process.ts';
import { parseTrace, type SystemCall, traceSystemCalls } from './system-calls.ts';

const writes = ['write', 'writev', 'sendmsg', 'sendto', 'pwrite64', 'pwritev', 'pwritev2'];
const syncs = ['fdatasync', 'fsync'];

/** The marker of an event, by the sequence under which it was acknowledged. */
type Markers = ReadonlyMap<bigint, string>;

test('with durability disk, every acknowledgement leaves after the fdatasync that follows its write', async (t) => {
  const { calls, markers } = await tracedPublishing(t, 'disk');
  assert.deepEqual(unsynced(calls, markers), []);
});

test('with durability os there is no such fdatasync, and the same look at the trace says so', async (t) => {
  const { calls, markers } = await tracedPublishing(t, 'os');
  assert.deepEqual(unsynced(calls, markers), [...markers.values()]);
});

/** Publishes one after another, then many at once, under strace. */
async function tracedPublishing(t: TestContext, durability: 'disk' | 'os') {
  const server = await servePalate(t, { args: ['--set', `journal.durability=${durability}`] });
  const file = join(await temporaryFolder(t), 'trace');
  const trace = await traceSystemCalls(server.process.pid!, [...writes, ...syncs], file);
  const client = connect(t, server.grpc);
  const markers = new Map<bigint, string>();
  const publish = async (marker: string): Promise<void> => {
    const viewed = event({ case: 'itemViewed', value: { itemId: marker } });
    const { accepted, firstSequence } = await call(client, IngestService.method.publish, { events: [viewed] });
    assert.equal(accepted, 1);
    markers.set(firstSequence, marker);
  };
  for (let index = 0; index < 20; index++) await publish(`marker-alone-${index}-`);
  await Promise.all(Array.from({ length: 30 }, (_, index) => publish(`marker-together-${index}-`)));
  await trace.detach();
  return { calls: parseTrace(await readFile(file, 'utf8')), markers };
}

/** The markers whose acknowledgement began to leave before an fdatasync that came after their write was done. */
function unsynced(calls: readonly SystemCall[], markers: Markers): string[] {
  const sentAt = acknowledgementTimes(calls);
  return [...markers]
    .filter(([sequence, marker]) => {
      const written = calls.find(({ target, bytes }) => target.endsWith('.segment') && bytes.includes(marker));
      assert.ok(written, `the trace has no write of ${marker}`);
      const leftAt = sentAt.get(sequence);
      assert.ok(leftAt !== undefined, `the trace has no acknowledgement of ${marker}`);
      const isSync = (each: SystemCall) =>
        syncs.includes(each.name) && each.result === '0' && each.target === written.target;
      return !calls.some((each) => isSync(each) && each.begunAt > written.doneAt && each.doneAt < leftAt);
    })
    .map(([, marker]) => marker);
}

/** When the first byte of each acknowledgement was handed to the kernel, by its first sequence. */
function acknowledgementTimes(calls: readonly SystemCall[]): Map<bigint, number> {
  const times = new Map<bigint, number>();
  for (const { target, bytes, begunAt } of calls) {
    if (!target.startsWith('TCP')) continue;
    for (const data of dataFrames(bytes)) {
      // Behind gRPC's five bytes of compression and length stands the message.
      const { firstSequence } = fromBinary(PublishResponseSchema, data.subarray(5));
      if (!times.has(firstSequence)) times.set(firstSequence, begunAt);
    }
  }
  return times;
}

/** The payloads of HTTP/2's DATA frames; nghttp2 hands whole frames to the socket. */
function* dataFrames(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    const payload = bytes.subarray(at + 9, at + 9 + length);
    assert.equal(payload.length, length, 'a frame was cut in two: the trace must be read otherwise');
    if (bytes[at + 3] === 0 && length > 5) yield payload;
    at += 9 + length;
  }
}
