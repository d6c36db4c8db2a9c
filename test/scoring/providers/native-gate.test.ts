import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGate, shutGate, throughGate } from '../../../src/scoring/providers/native-gate.ts';

describe('the gate to native code', () => {
  it('lets through while it is open', async () => {
    const gate = createGate();
    assert.deepEqual(await throughGate(gate, async () => 7), { result: 7 });
    await assert.rejects(
      throughGate(gate, async () => {
        throw new Error('broken');
      }),
      /broken/,
    );
    await shutGate(gate);
  });

  it('is shut when nobody is inside any more, and then for good', async () => {
    const gate = createGate();
    const inside = Promise.withResolvers<string>();
    const run = throughGate(gate, () => inside.promise);
    let isShut = false;
    const shut = shutGate(gate).then(() => {
      isShut = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(isShut, false);
    inside.resolve('done');
    assert.deepEqual(await run, { result: 'done' });
    await shut;
    assert.equal(await throughGate(gate, () => assert.fail('nobody may pass')), undefined);
  });
});
