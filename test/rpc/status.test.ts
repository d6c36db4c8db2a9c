import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PalateError, type Reason, reasons, statusCodes } from '../../src/errors.ts';
import { disclose, errorFromStatus, toStatus, wireMessage } from '../../src/rpc/status.ts';
import { statusDetailsBytes } from '../../src/rpc/status-bytes.ts';

const reasonNames = Object.keys(reasons) as Reason[];

test('every reason survives the way over the wire, with all that belongs to it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...reasonNames),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.array(fc.record({ field: fc.string({ unit: 'grapheme' }), description: fc.string({ unit: 'grapheme' }) }), {
        maxLength: 5,
      }),
      fc.integer({ min: 0, max: 100_000 }),
      (reason, message, violations, retryAfterMillis) => {
        const sent = new PalateError(reason, message, { violations, retryAfterMillis, metadata: { limit: '7' } });
        const status = toStatus(sent);
        const received = errorFromStatus(status.code, status.message, statusDetailsBytes(sent));
        assert.equal(received.reason, reason);
        assert.equal(received.code, sent.code);
        assert.equal(received.message, message.toWellFormed());
        assert.deepEqual(
          received.violations,
          violations.map((violation) => ({ ...violation })),
        );
        assert.equal(received.retryAfterMillis, sent.retryAfterMillis);
        assert.deepEqual(received.metadata, { limit: '7' });
      },
    ),
  );
});

test('only an error that a retry helps carries RetryInfo', () => {
  const types = (reason: Reason): string[] =>
    toStatus(new PalateError(reason, 'm')).details.map(({ typeUrl }) => typeUrl);
  assert.ok(types('OVERLOADED').some((type) => type.endsWith('RetryInfo')));
  assert.ok(!types('INVALID_REQUEST').some((type) => type.endsWith('RetryInfo')));
});

test('a long message is cut, and a lone surrogate replaced', () => {
  assert.ok(wireMessage(new PalateError('INTERNAL', 'x'.repeat(50_000))).length <= 1_001);
  assert.equal(wireMessage(new PalateError('INTERNAL', 'a\ud800b')), 'a\ufffdb');
  assert.doesNotThrow(() => encodeURI(wireMessage(new PalateError('INTERNAL', `${'x'.repeat(999)}😀`))));
});

test('a status without details gets the reason nearest to its code', () => {
  assert.equal(errorFromStatus(statusCodes.UNAVAILABLE, 'm', undefined).reason, 'UNREACHABLE');
  assert.equal(errorFromStatus(statusCodes.DATA_LOSS, 'm', undefined).reason, 'INTERNAL');
  assert.equal(errorFromStatus(99, 'm', Buffer.from('not a status')).reason, 'INTERNAL');
});

test('a stranger is hidden behind an id, and its cause goes to the one who asks', () => {
  const cause = new TypeError('secret');
  const hidden: unknown[] = [];
  const error = disclose(cause, (errorId, hiddenCause) => hidden.push(errorId, hiddenCause));
  assert.equal(error.message, 'internal error');
  assert.deepEqual(hidden, [error.metadata['error_id'], cause]);
  const known = new PalateError('INVALID_FILTER', 'm');
  assert.equal(
    disclose(known, () => assert.fail('a known error has nothing to hide')),
    known,
  );
});
