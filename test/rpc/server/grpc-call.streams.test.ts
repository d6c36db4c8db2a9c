import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.ts';
import {
  IngestService,
  PublishStreamResponseSchema,
  SubscribeRequestSchema,
  SubscribeResponseSchema,
} from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { PalateError, statusCodes } from '../../../src/errors.ts';
import { bindService, onWire } from '../../../src/rpc/handlers.ts';
import { create, detailsOf, fromBinary, identity, pathOf, runServer, toBinary, until } from '../running-server.ts';

const publishStream = pathOf(IngestService.method.publishStream);
const subscribe = pathOf(IngestService.method.subscribe);

function reasonOf(error: Parameters<typeof detailsOf>[0]): string | undefined {
  const bytes = detailsOf(error).get('google.rpc.ErrorInfo');
  return bytes && fromBinary(ErrorInfoSchema, bytes).reason;
}

test('a bidirectional stream answers in order, then ends', async (t) => {
  const service = bindService(IngestService, {
    publishStream: onWire(async function* (batches) {
      for await (const batch of batches) yield { accepted: batch.length };
    }),
  });
  const client = (await runServer(t, [service])).client();
  const stream = client.makeBidiStreamRequest(publishStream, identity, identity);
  for (let size = 0; size < 50; size++) stream.write(Buffer.alloc(size));
  stream.end();
  const accepted: number[] = [];
  for await (const bytes of stream) accepted.push(fromBinary(PublishStreamResponseSchema, bytes).accepted);
  assert.deepEqual(
    accepted,
    Array.from({ length: 50 }, (_, index) => index),
  );
});

test('a server stream that fails delivers what came before', async (t) => {
  const service = bindService(IngestService, {
    async *subscribe() {
      yield { throughSequence: 1n };
      throw new PalateError('SLOW_CONSUMER', 'too slow');
    },
  });
  const client = (await runServer(t, [service])).client();
  const stream = client.makeServerStreamRequest(subscribe, identity, identity, Buffer.alloc(0));
  const got: bigint[] = [];
  stream.on('data', (bytes: Buffer) => got.push(fromBinary(SubscribeResponseSchema, bytes).throughSequence));
  const [error] = await once(stream, 'error');
  assert.deepEqual(got, [1n]);
  assert.equal(reasonOf(error), 'SLOW_CONSUMER');
});

test('a stream lives past the default deadline, but not past its own', async (t) => {
  const service = bindService(IngestService, {
    async *subscribe(_, call) {
      await new Promise((resolve) => setTimeout(resolve, 80));
      yield { throughSequence: 1n };
      await once(call.signal, 'abort');
    },
  });
  const client = (await runServer(t, [service], { options: { defaultTimeoutMillis: 20 } })).client();
  const deadline = Date.now() + 300;
  const stream = client.makeServerStreamRequest(subscribe, identity, identity, Buffer.alloc(0), { deadline });
  let got = 0;
  stream.on('data', () => {
    got += 1;
  });
  const [error] = await once(stream, 'error');
  assert.equal(got, 1);
  assert.equal(error.code, statusCodes.DEADLINE_EXCEEDED);
});

test('a caller who stops reading stops the handler, and who leaves ends it', async (t) => {
  const chunk = create(SubscribeResponseSchema, { records: [{ event: { userId: 'x'.repeat(60_000) } }] });
  let made = 0;
  let finished = false;
  const service = bindService(IngestService, {
    async *subscribe() {
      try {
        for (;;) {
          made += 1;
          yield chunk;
        }
      } finally {
        finished = true;
      }
    },
  });
  const client = (await runServer(t, [service])).client();
  const request = toBinary(SubscribeRequestSchema, create(SubscribeRequestSchema));
  const stream = client.makeServerStreamRequest(subscribe, identity, identity, Buffer.from(request));
  await once(stream, 'readable');
  let before = -1;
  while (before !== made) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.ok(made < 400, `${made} messages were made for a caller who reads none`);
  stream.on('error', () => {});
  stream.cancel();
  await until(() => finished);
});

test('a caller who floods is not read while the handler does not take', async (t) => {
  const taken = Promise.withResolvers<void>();
  const service = bindService(IngestService, {
    publishStream: onWire(async function* (batches, call) {
      for await (const batch of batches) {
        yield { accepted: batch.length };
        taken.resolve();
        await once(call.signal, 'abort');
      }
    }),
  });
  const client = (await runServer(t, [service])).client();
  const stream = client.makeBidiStreamRequest(publishStream, identity, identity);
  stream.on('error', () => {});
  stream.on('data', () => {});
  const batch = Buffer.alloc(100_000);
  let written = 0;
  const write = (): void => {
    stream.write(batch, () => {
      written += 1;
      if (written < 1_000) write();
    });
  };
  write();
  await taken.promise;
  let before = -1;
  while (before !== written) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.ok(written < 200, `${written} messages of 100 kB went to a handler that took one`);
  stream.cancel();
});

test('a connection that breaks mid-stream ends the handler on both sides of its stream', async (t) => {
  const outcome = Promise.withResolvers<unknown>();
  const service = bindService(IngestService, {
    publishStream: onWire(async function* (batches) {
      try {
        for await (const batch of batches) yield { accepted: batch.length };
        outcome.resolve('ended');
      } catch (error) {
        outcome.resolve(error);
        throw error;
      }
    }),
  });
  const client = (await runServer(t, [service])).client();
  const stream = client.makeBidiStreamRequest(publishStream, identity, identity);
  stream.on('error', () => {});
  stream.write(Buffer.alloc(3));
  await once(stream, 'data');
  client.close();
  stream.cancel();
  assert.equal(((await outcome.promise) as PalateError).reason, 'CANCELLED');
});
