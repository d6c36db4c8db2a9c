import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Connections } from '../../../src/scoring/fetching/connections.ts';

const never = new AbortController().signal;

describe('Connections', () => {
  test('lets no host keep another waiting, and goes by who came first', async () => {
    const connections = new Connections({ maxConnections: 3, maxConnectionsPerHost: 2, maxWaiting: 9 });
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const use = (name: string) =>
      connections.use(name[0]!, never, () => {
        begun.push(name);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      });
    const uses = ['a1', 'a2', 'a3', 'b1', 'b2', 'a4'].map(use);
    assert.deepEqual(begun, ['a1', 'a2', 'b1']);
    ends.get('b1')!();
    await uses[3];
    await nextTurn();
    assert.deepEqual(begun.slice(3), ['b2'], 'host a has its two');
    ends.get('a1')!();
    await uses[0];
    await nextTurn();
    assert.deepEqual(begun.slice(4), ['a3']);
    ends.get('a2')!();
    await uses[1];
    await nextTurn();
    assert.deepEqual(begun.slice(5), ['a4']);
    for (const name of ['a3', 'b2', 'a4']) ends.get(name)!();
    await Promise.all(uses);
    assert.equal(connections.open, 0);
  });

  test('forgets who gives up in line, and gives back what failed', async () => {
    const connections = new Connections({ maxConnections: 1, maxConnectionsPerHost: 1, maxWaiting: 1 });
    const { promise, reject } = Promise.withResolvers<void>();
    const failing = connections.use('a', never, () => promise);
    const impatient = new AbortController();
    const waiting = connections.use('a', impatient.signal, async () => assert.fail('nobody waits for it'));
    await assert.rejects(
      connections.use('a', never, async () => undefined),
      { reason: 'OVERLOADED' },
    );
    impatient.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    reject(new Error('broken'));
    await assert.rejects(failing, /broken/);
    assert.equal(await connections.use('a', never, async () => connections.open), 1);
    assert.equal(connections.open, 0);
  });
});
