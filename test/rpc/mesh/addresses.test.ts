import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findAddresses, isAddress } from '../../../src/rpc/mesh/addresses.ts';

const never = () => assert.fail('nothing is wrong');

describe('addresses of the mesh', () => {
  it('are taken as they are, each once', async () => {
    const found = await findAddresses(['a:1', '[::1]:2', 'a:1'], [], never, never);
    assert.deepEqual(
      found.map(({ target }) => target),
      ['a:1', '[::1]:2'],
    );
  });

  it('are all those of a name in DNS, which stays what certificates name', async () => {
    const found = await findAddresses(['dns:///palate:50051'], [], never, async (host) => {
      assert.equal(host, 'palate');
      return ['10.0.0.1', 'fd00::1'];
    });
    assert.deepEqual(found, [
      { target: '10.0.0.1:50051', authority: 'palate:50051' },
      { target: '[fd00::1]:50051', authority: 'palate:50051' },
    ]);
  });

  it('are those of before while the name does not resolve', async () => {
    const before = [
      { target: '10.0.0.1:50051', authority: 'palate:50051' },
      { target: 'other:1', authority: 'other:1' },
    ];
    const problems: string[] = [];
    const found = await findAddresses(
      ['dns:///palate:50051'],
      before,
      (name) => problems.push(name),
      () => Promise.reject(new Error('SERVFAIL')),
    );
    assert.deepEqual(found, [before[0]]);
    assert.deepEqual(problems, ['palate:50051']);
  });

  it('have a host and a port', () => {
    for (const good of ['a:1', 'dns:///a.b:50051', '[::1]:1', '127.0.0.1:65535']) assert.ok(isAddress(good), good);
    for (const bad of ['', 'a', 'a:', ':1', 'dns://a:1', 'http://a:1', '::1:1', 'a:1/x', 'a b:1']) {
      assert.ok(!isAddress(bad), bad);
    }
  });
});
