import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConcurrencies } from '../../../bench/inference/concurrency-range.ts';

describe('--concurrency', () => {
  it('is a number, a list or a range', () => {
    assert.deepEqual(parseConcurrencies('4'), [4]);
    assert.deepEqual(parseConcurrencies('1,4,16'), [1, 4, 16]);
    assert.deepEqual(parseConcurrencies('2:5'), [2, 3, 4, 5]);
    assert.deepEqual(parseConcurrencies('1:8:3'), [1, 4, 7]);
    assert.deepEqual(parseConcurrencies('1:16:x2'), [1, 2, 4, 8, 16]);
    assert.deepEqual(parseConcurrencies('3:3:x9'), [3]);
  });

  it('says what is wrong', () => {
    const problems: Readonly<Record<string, RegExp>> = {
      '': /"" is no whole number/,
      '0': /"0" is no whole number/,
      '1,,2': /"" is no whole number/,
      '4:2': /ends before it begins/,
      '1:4:x1': /leads nowhere/,
      '1:4:0': /"0" is no whole number/,
      '1:4:1:1': /more than three parts/,
      '1:1000': /more than 64 steps/,
      many: /"many" is no whole number/,
    };
    for (const [text, message] of Object.entries(problems)) {
      assert.throws(() => parseConcurrencies(text), { reason: 'USAGE', message }, text);
    }
  });
});
