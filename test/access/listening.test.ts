import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopbackAddress, isLoopbackHost, listensOnLoopbackOnly } from '../../src/access/listening.ts';
import { assertClosed } from '../../src/access/open-access.ts';
import { loadConfig } from '../../src/config.ts';

const own = ['127.0.0.1', '127.255.0.3', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1'];
const reachable = [
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '192.168.1.1',
  '128.0.0.1',
  '::ffff:0.0.0.0',
  '::ffff:10.0.0.1',
  '::2',
  'fe80::1',
];

test('addresses of this machine only', () => {
  for (const address of own) assert.ok(isLoopbackAddress(address), address);
  for (const address of [...reachable, 'localhost', '', '127.0.0.1.example.com'])
    assert.ok(!isLoopbackAddress(address), address);
});

test('hosts as they are written', async () => {
  for (const host of [...own, 'localhost', '[::1]']) {
    assert.ok(isLoopbackHost(host), host);
    assert.ok(await listensOnLoopbackOnly(host), host);
  }
  // `0` is an old way to write 0.0.0.0, which a name look-up knows.
  for (const host of [...reachable, '[::]', '0']) {
    assert.ok(!isLoopbackHost(host), host);
    assert.ok(!(await listensOnLoopbackOnly(host)), host);
  }
});

test('a name that stands for nothing is a mistake of the configuration', async () => {
  await assert.rejects(listensOnLoopbackOnly('no-such-host.invalid'), {
    reason: 'CONFIG_INVALID',
    message: /no-such-host/,
  });
});

test('a server that others can reach has to know who calls', async () => {
  const config = (...set: string[]) => loadConfig({ env: {}, flags: { set } });
  const refused = { reason: 'ACCESS_OPEN', message: /access\.tokens.*access\.allowAnonymous: true/s };
  for (const host of reachable) await assert.rejects(assertClosed(config(`host=${host}`)), refused, host);
  await assertClosed(config());
  await assertClosed(config('host=localhost'));
  await assertClosed(config('host=0.0.0.0', 'access.allowAnonymous=true'));
  await assertClosed(config('host=::', `access.tokens={"a": {"sha256": "${'0'.repeat(64)}"}}`));
  await assertClosed(config('host=::', 'access.jwt.jwksFile=x', 'access.jwt.issuer=i', 'access.jwt.audience=a'));
});
