import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { releaseStreams, StreamTable } from '../../../src/rpc/server/release-streams.ts';

test('a table of streams is as a Map and a Set are', () => {
  const key = fc.nat({ max: 8 });
  const command = fc.oneof(
    fc.record({ kind: fc.constantFrom('set' as const), key, value: fc.nat() }),
    fc.record({ kind: fc.constantFrom('add' as const, 'delete' as const, 'get' as const, 'has' as const), key }),
    fc.record({ kind: fc.constantFrom('clear' as const) }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const table = new StreamTable<number, number>();
      const map = new Map<number, number>();
      for (const one of commands) {
        if (one.kind === 'set') {
          assert.equal(table.set(one.key, one.value), table);
          map.set(one.key, one.value);
        } else if (one.kind === 'add') {
          table.add(one.key);
          map.set(one.key, one.key);
        } else if (one.kind === 'clear') {
          table.clear();
          map.clear();
        } else {
          assert.equal(table[one.kind](one.key), map[one.kind](one.key));
        }
        const found = new Map<number, number>();
        table.forEach((value, at) => {
          found.set(at, value);
        });
        assert.deepEqual(found, new Map(map));
        assert.equal(table.size, map.size);
      }
    }),
  );
});

test('what is deleted while all are visited is still visited', () => {
  const table = new StreamTable<number, number>().set(1, 1).set(2, 2).set(3, 3);
  const visited: number[] = [];
  table.forEach((value, key) => {
    visited.push(value);
    table.delete(key);
  });
  assert.deepEqual(visited, [1, 2, 3]);
  assert.equal(table.size, 0);
});

test('a stream that is over has nobody who listens, but for an error', async (t) => {
  const { client, streams } = await serve(t, (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('there');
  });
  for (let i = 0; i < 10; i++) assert.equal(await ask(client), 'there');
  await turn();
  await turn();
  assert.equal(streams.length, 10);
  for (const stream of streams) {
    assert.ok(stream.destroyed);
    assert.deepEqual(
      stream.eventNames().filter((event) => event !== 'error'),
      [],
    );
  }
});

test('the tables of a session are replaced, and it still ends with all of its streams', async (t) => {
  const { client, sessions, streams } = await serve(t, (stream) => stream.respond({ ':status': 200 }));
  const asked = [0, 1, 2].map(() => {
    const request = client.request({ ':path': '/' });
    request.on('error', () => undefined);
    return { answered: once(request, 'response'), closed: once(request, 'close') };
  });
  await Promise.all(asked.map(({ answered }) => answered));
  const session = sessions[0]!;
  assert.equal(tablesOf(session), 2);
  session.destroy();
  await Promise.all(asked.map(({ closed }) => closed));
  assert.ok(streams.every(({ destroyed }) => destroyed));
});

async function serve(t: TestContext, answer: (stream: ServerHttp2Stream) => void) {
  const server = createServer();
  const sessions: ServerHttp2Session[] = [];
  const streams: ServerHttp2Stream[] = [];
  releaseStreams(server);
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream) => {
    streams.push(stream);
    answer(stream);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('error', () => undefined);
  t.after(() => {
    client.destroy();
    server.close();
  });
  return { client, sessions, streams };
}

async function ask(client: ClientHttp2Session): Promise<string> {
  const request = client.request({ ':path': '/' });
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

function tablesOf(session: ServerHttp2Session): number {
  return Object.getOwnPropertySymbols(session)
    .map((symbol) => (session as unknown as Record<symbol, object | undefined>)[symbol])
    .flatMap((state) => (typeof state === 'object' && state !== null ? Object.values(state) : []))
    .filter((value) => value instanceof StreamTable).length;
}
