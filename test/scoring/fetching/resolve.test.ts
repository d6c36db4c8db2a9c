import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseAddress } from '../../../src/scoring/fetching/address.ts';
import { askMachine, askNameServers, type Resolve } from '../../../src/scoring/fetching/resolve.ts';
import { type NameServer, startNameServer } from './name-server.ts';

const never = new AbortController().signal;

describe('askNameServers', () => {
  let server: NameServer;
  let ask: Resolve;

  before(async () => {
    server = await startNameServer({
      'both.example': { v4: ['192.0.2.1', '192.0.2.2'], v6: [parseAddress('2001:db8::1')!] },
      'four.example': { v4: ['192.0.2.3'] },
      'empty.example': {},
      'slow.example': 'silence',
    });
    ask = askNameServers({ servers: [server.address], queryMillis: 50 });
  });

  after(() => server.close());

  test('finds the addresses of both families', async () => {
    assert.deepEqual(await ask('both.example', never), ['192.0.2.1', '192.0.2.2', '2001:db8::1']);
    assert.deepEqual(await ask('four.example', never), ['192.0.2.3']);
  });

  test('finds none for a name without addresses, one that does not exist, and one that can be none', async () => {
    for (const name of ['empty.example', 'nowhere.example', `${'a'.repeat(64)}.example`]) {
      assert.deepEqual(await ask(name, never), [], name);
    }
  });

  test('does not wait for a name server that says nothing', async () => {
    await assert.rejects(ask('slow.example', never), { reason: 'URI_UNREACHABLE' });
  });

  test('gives up with its caller', async () => {
    const patient = askNameServers({ servers: [server.address], queryMillis: 60_000 });
    const caller = new AbortController();
    const asked = patient('slow.example', caller.signal);
    caller.abort(new Error('enough'));
    await assert.rejects(asked, /enough/);
  });
});

test('askMachine knows the names of the machine', async () => {
  const found = await askMachine('localhost', never);
  assert.ok(found.some((address) => address === '127.0.0.1' || address === '::1'));
});
