import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../../../src/scoring/batcher/clock.ts';
import { createAgents, httpGet } from '../../../src/scoring/fetching/http-get.ts';
import { Patience } from '../../../src/scoring/fetching/patience.ts';
import { startServer } from './local-server.ts';

test('a connection that leads elsewhere than was checked is ended', async () => {
  const server = await startServer((_request, response) => response.end('secret'));
  const caller = { deadlineMillis: Number.POSITIVE_INFINITY };
  const patience = new Patience(
    { connectMillis: 1_000, firstByteMillis: 1_000, totalMillis: 1_000 },
    caller,
    systemClock,
  );
  const elsewhere = new Agent();
  elsewhere.createConnection = () => connect(server.port, '127.0.0.1');
  const destination = { url: new URL('http://photos.example/'), addresses: ['192.0.2.1'] };
  const agents = { ...createAgents(), http: elsewhere };
  await assert.rejects(httpGet(destination, agents, patience), { reason: 'URI_FORBIDDEN' });
  patience.end();
  await server.close();
});
