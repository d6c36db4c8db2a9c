import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatTraceParent, isSampled, parseTrace } from '../../../src/telemetry/tracing/trace-context.ts';

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
    .filter((text) => /[^0]/.test(text));
const bytes = (text: string) => new TextEncoder().encode(text);

describe('trace contexts', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), fc.constantFrom('', 'shop=42'), (traceId, spanId, sampled, state) => {
        const parent = formatTraceParent({ traceId, spanId, isSampled: sampled });
        const trace = bytes(state === '' ? parent : `${parent}\n${state}`);
        assert.deepEqual(parseTrace(trace), { traceId, spanId, isSampled: sampled, state });
        assert.equal(isSampled(trace), sampled);
      }),
    );
  });

  it('are sampled by the lowest bit of their flags alone', () => {
    for (let flags = 0; flags < 256; flags++) {
      const digits = flags.toString(16).padStart(2, '0');
      const trace = bytes(`00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${digits}`);
      assert.equal(isSampled(trace), flags % 2 === 1, digits);
      assert.equal(parseTrace(trace)?.isSampled, flags % 2 === 1, digits);
    }
  });

  it('are none where they are not by the rules', () => {
    const none = [
      '',
      '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7',
      '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
      '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
      '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
      'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    ];
    for (const text of none) assert.equal(parseTrace(bytes(text)), undefined, text);
  });
});
