import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.ts';
import {
  RecommendationService,
  RecommendRequestSchema,
  RecommendResponseSchema,
} from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { statusCodes } from '../../../src/errors.ts';
import { bindService } from '../../../src/rpc/handlers.ts';
import { callBytes, create, detailsOf, fromBinary, pathOf, runServer, toBinary } from '../running-server.ts';

const recommend = pathOf(RecommendationService.method.recommend);

function request(placement = 'home'): Uint8Array {
  return toBinary(RecommendRequestSchema, create(RecommendRequestSchema, { placement }));
}

function reasonOf(error: Parameters<typeof detailsOf>[0]): string | undefined {
  const bytes = detailsOf(error).get('google.rpc.ErrorInfo');
  return bytes && fromBinary(ErrorInfoSchema, bytes).reason;
}

test('messages over the limits are refused both ways, with a reason', async (t) => {
  const service = bindService(RecommendationService, {
    recommend: ({ placement }) => ({ recommendationId: placement.repeat(50) }),
  });
  const client = (await runServer(t, [service], { options: { receiveMaxBytes: 1_000, sendMaxBytes: 2_000 } })).client();
  const large = await callBytes(client, recommend, request('x'.repeat(1_001)));
  assert.equal(large.error?.code, statusCodes.RESOURCE_EXHAUSTED);
  assert.equal(reasonOf(large.error!), 'MESSAGE_TOO_LARGE');
  const answer = await callBytes(client, recommend, request('x'.repeat(200)));
  assert.equal(answer.error?.code, statusCodes.RESOURCE_EXHAUSTED);
  assert.equal(reasonOf(answer.error!), 'MESSAGE_TOO_LARGE');
  assert.ok((await callBytes(client, recommend, request('x'.repeat(20)))).bytes);
});

test('a small message that unpacks to a large one is refused', async (t) => {
  const service = bindService(RecommendationService, { recommend: () => ({}) });
  const server = await runServer(t, [service], { options: { receiveMaxBytes: 100_000 } });
  const client = server.client({ 'grpc.default_compression_algorithm': 2 });
  const bomb = Buffer.alloc(5_000_000);
  assert.ok(gzipSync(bomb).length < 100_000);
  const { error } = await callBytes(client, recommend, bomb);
  assert.equal(reasonOf(error!), 'MESSAGE_TOO_LARGE');
});

test('gzip requests are read', async (t) => {
  const service = bindService(RecommendationService, {
    recommend: ({ placement }) => ({ recommendationId: placement }),
  });
  const client = (await runServer(t, [service])).client({ 'grpc.default_compression_algorithm': 2 });
  const { bytes } = await callBytes(client, recommend, request('z'.repeat(200)));
  assert.equal(fromBinary(RecommendResponseSchema, bytes!).recommendationId, 'z'.repeat(200));
});

test('a large answer goes out in gzip to a caller who sends gzip, and plain to others', async (t) => {
  const service = bindService(RecommendationService, {
    recommend: ({ placement }, call) => {
      call.setHeader('x-own', 'kept');
      return { recommendationId: placement.repeat(100) };
    },
  });
  const server = await runServer(t, [service]);
  for (const isGzip of [true, false]) {
    const client = server.client({ 'grpc.default_compression_algorithm': isGzip ? 2 : 0 });
    const { bytes } = await callBytes(client, recommend, request('z'.repeat(200)));
    assert.equal(fromBinary(RecommendResponseSchema, bytes!).recommendationId, 'z'.repeat(20_000));
    assert.deepEqual(await rawAnswer(server.grpc, isGzip, 200), {
      encoding: isGzip ? 'gzip' : 'identity',
      own: 'kept',
      isGzip,
    });
  }
  assert.equal((await rawAnswer(server.grpc, true, 1)).isGzip, false);
});

/** How an answer lies on the wire, by a bare HTTP/2 client: grpc-js unpacks it without a word. */
async function rawAnswer(address: string, sendsGzip: boolean, size: number) {
  const session = connectHttp2(`http://${address}`);
  try {
    const plain = request('z'.repeat(size));
    const body = sendsGzip ? gzipSync(plain) : plain;
    const head = Buffer.alloc(5);
    head.writeUInt8(sendsGzip ? 1 : 0, 0);
    head.writeUInt32BE(body.length, 1);
    const stream = session.request({
      ':method': 'POST',
      ':path': recommend,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(sendsGzip ? { 'grpc-encoding': 'gzip' } : {}),
    });
    stream.end(Buffer.concat([head, body]));
    const [headers] = await once(stream, 'response');
    const frame = Buffer.concat(await stream.toArray());
    return { encoding: headers['grpc-encoding'], own: headers['x-own'], isGzip: frame.readUInt8(0) === 1 };
  } finally {
    session.close();
  }
}

test('metadata over the limit is refused', async (t) => {
  const service = bindService(RecommendationService, { recommend: () => ({}) });
  const client = (await runServer(t, [service])).client();
  const { error } = await callBytes(client, recommend, request(), { headers: { 'x-large': 'x'.repeat(20_000) } });
  assert.equal(error?.code, statusCodes.RESOURCE_EXHAUSTED);
  assert.ok((await callBytes(client, recommend, request(), { headers: { 'x-small': 'x'.repeat(1_000) } })).bytes);
});
