import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { connectGrpcCaller } from '../../../bench/load/grpc-caller.ts';
import { callJson, connectHttpCaller } from '../../../bench/load/http-caller.ts';
import { closedLoop, openLoop } from '../../../bench/load/open-loop.ts';
import { paceByThread, paceByTimer } from '../../../bench/load/pace.ts';
import { hasItems } from '../../../bench/recommend-load.ts';
import {
  RecommendRequestSchema,
  RecommendResponseSchema,
} from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';

const path = '/test.Echo/Recommend';

function ask(caller: { prepare(request: Uint8Array): unknown; call(p: unknown, a: Answer): void }, text: string) {
  const request = toBinary(RecommendRequestSchema, create(RecommendRequestSchema, { placement: text }));
  return new Promise<{ isOk: boolean; answer: Buffer }>((resolve) => {
    caller.call(caller.prepare(request), (isOk, answer) => resolve({ isOk, answer }));
  });
}

type Answer = (isOk: boolean, answer: Buffer) => void;

describe('gRPC calls made by hand', () => {
  const server = new Server();
  let address = '';

  before(async () => {
    server.register(
      path,
      ({ request }: { request: Buffer }, callback: (error: object | null, answer?: Buffer) => void) => {
        const { placement } = fromBinary(RecommendRequestSchema, request);
        if (placement === 'fail') return callback({ code: status.INTERNAL, details: 'no' });
        const items = placement === 'large' ? Array.from({ length: 5_000 }, () => ({ itemId: 'x'.repeat(20) })) : [];
        return callback(
          null,
          Buffer.from(
            toBinary(
              RecommendResponseSchema,
              create(RecommendResponseSchema, { recommendationId: placement, items, sequence: 3n }),
            ),
          ),
        );
      },
      (answer: Buffer) => answer,
      (request: Buffer) => request,
      'unary',
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    address = `127.0.0.1:${port}`;
  });
  after(() => server.forceShutdown());

  it('are understood by a real server, a thousand and more on one connection', async () => {
    const caller = await connectGrpcCaller(address, path);
    const names = Array.from({ length: 1_200 }, (_, index) => `p${index}`);
    const answers = await Promise.all(names.map((name) => ask(caller, name)));
    for (const [index, { isOk, answer }] of answers.entries()) {
      assert.ok(isOk);
      assert.equal(fromBinary(RecommendResponseSchema, answer).recommendationId, names[index]);
      assert.equal(hasItems(answer), false);
    }
    caller.close();
  });

  it('tell failures from answers, and go on after a large one', async () => {
    const caller = await connectGrpcCaller(address, path);
    assert.equal((await ask(caller, 'fail')).isOk, false);
    for (let time = 0; time < 20; time++) {
      const { isOk, answer } = await ask(caller, 'large');
      assert.ok(isOk && hasItems(answer), `time ${time}`);
    }
    caller.close();
    assert.equal((await ask(caller, 'late')).isOk, false);
  });

  it('carry messages of many frames, more of them at once than the connection has room for', async () => {
    const caller = await connectGrpcCaller(address, path);
    const names = Array.from({ length: 200 }, (_, index) => `${index}-`.padEnd(30_000, 'x'));
    const answers = await Promise.all(names.map((name) => ask(caller, name)));
    for (const [index, { answer }] of answers.entries()) {
      // As much of it as is in the answer's first frame.
      assert.ok(answer.includes(`${index}-xxx`), `answer ${index}`);
    }
    caller.close();
  });

  it('write into a call just before it goes, and not while it still waits to go', async () => {
    const caller = await connectGrpcCaller(address, path);
    const plain = caller.prepare(
      toBinary(
        RecommendRequestSchema,
        create(RecommendRequestSchema, { placement: 'number-000', userId: 'x'.repeat(30_000) }),
      ),
    );
    const place = plain.bytes.indexOf('number-000') + 'number-'.length;
    let number = 0;
    const call = {
      ...plain,
      stamp: (bytes: Buffer) => void bytes.write(String(number++).padStart(3, '0'), place, 'latin1'),
    };
    // The socket takes a few of them at once.
    const answers = await Promise.all(
      Array.from(
        { length: 60 },
        () => new Promise<Buffer>((resolve) => caller.call(call, (_, bytes) => resolve(bytes))),
      ),
    );
    const names = answers.map((bytes) => fromBinary(RecommendResponseSchema, bytes).recommendationId);
    assert.deepEqual(
      names,
      Array.from({ length: 60 }, (_, index) => `number-${String(index).padStart(3, '0')}`),
    );
    caller.close();
  });

  it('tell the status of a failure where it is asked for, and send headers of their own', async () => {
    const plain = await connectGrpcCaller(address, path);
    const caller = await connectGrpcCaller(address, path, { readsStatus: true, headers: { 'grpc-timeout': '1000m' } });
    const statusOf = (one: typeof caller) =>
      new Promise((resolve) =>
        one.call(one.prepare(Buffer.from([0x0a, 4, ...Buffer.from('fail')])), (...all) => resolve(all[2])),
      );
    assert.equal(await statusOf(plain), undefined);
    for (let time = 0; time < 3; time++) {
      assert.deepEqual(await statusOf(caller), { code: status.INTERNAL, hasDetails: false });
    }
    plain.close();
    caller.close();
  });

  it('are counted by a load at a fixed pace, and by one as fast as it goes', async () => {
    const caller = await connectGrpcCaller(address, path);
    const prepared = caller.prepare(new Uint8Array(0));
    const load = { next: (answered: Answer) => caller.call(prepared, answered), isEmpty: () => true };
    for (const pacer of [paceByThread, paceByTimer]) {
      const paced = await openLoop(load, { perSecond: 500, moments: 100 }, pacer);
      assert.deepEqual([paced.latencies.length, paced.errors, paced.empty], [100, 0, 100]);
      assert.ok(paced.seconds >= 0.19, `${paced.seconds} s`);
      assert.ok(paced.lateness.length === 100 && Math.min(...paced.lateness) >= 0);
    }
    const closed = await closedLoop(load, { concurrency: 4, seconds: 0.1 });
    assert.ok(closed.latencies.length >= 4 && closed.errors === 0);
    caller.close();
  });
});

describe('HTTP calls made by hand', () => {
  let server: HttpServer;
  let url = '';

  before(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.stringify({ url: request.url, body: Buffer.concat(chunks).toString() });
        const isRefused = request.url === '/refused';
        const close = request.url === '/close' ? { Connection: 'close' } : {};
        response.writeHead(isRefused ? 503 : 200, { 'Content-Length': Buffer.byteLength(body), ...close }).end(body);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  it('wait for a free connection, and bring each its own answer', async () => {
    const caller = await connectHttpCaller(url, 3);
    const bodies = Array.from({ length: 50 }, (_, index) => `{"n":${index},"ü":"${'x'.repeat(index * 500)}"}`);
    const answers = await Promise.all(bodies.map((body) => callJson(caller, { method: 'POST', path: '/post', body })));
    assert.deepEqual(
      answers,
      bodies.map((body) => ({ url: '/post', body })),
    );
    caller.close();
  });

  it('open a connection again that the server closed, and tell a refusal', async () => {
    const caller = await connectHttpCaller(url, 1);
    for (let time = 0; time < 3; time++) {
      assert.deepEqual(await callJson(caller, { method: 'GET', path: '/close' }), { url: '/close', body: '' });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await assert.rejects(callJson(caller, { method: 'GET', path: '/refused' }), /GET \/refused was refused/);
    caller.close();
  });
});
