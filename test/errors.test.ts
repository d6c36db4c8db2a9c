import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorsPage } from '../scripts/errors-table.ts';
import { isPalateError, PalateError, type Reason, reasons, statusCodes } from '../src/errors.ts';

const all = Object.entries(reasons) as [Reason, (typeof reasons)[Reason]][];

test('every reason has a gRPC code that is an error, and advice that is a sentence', () => {
  for (const [reason, { code, advice }] of all) {
    assert.match(reason, /^[A-Z][A-Z_]{2,61}[A-Z]$/, reason);
    assert.ok(Object.hasOwn(statusCodes, code) && code !== 'OK', reason);
    assert.match(advice, /^[A-Z].{5,}\.$/, `${reason} needs advice`);
  }
});

test('the numbers of the status codes are those of gRPC: 0 to 16, in order', () => {
  assert.deepEqual(Object.values(statusCodes), [...Array(17).keys()]);
});

test('only codes that a retry can mend are retryable', () => {
  const mendable = new Set(['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'ABORTED']);
  for (const [reason, { code, retryable }] of all) if (retryable) assert.ok(mendable.has(code), reason);
});

test('docs/errors.md agrees with the list; node scripts/errors-table.ts writes it anew', () => {
  assert.equal(readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8'), errorsPage());
});

test('the page has one row a reason', () => {
  const rows = errorsPage()
    .split('\n')
    .flatMap((line) => /^\| `(\w+)` \|/.exec(line)?.[1] ?? []);
  assert.deepEqual(rows, Object.keys(reasons));
});

test('an error carries its code, its advice, and a time to wait only where a retry helps', () => {
  const overloaded = new PalateError('OVERLOADED', 'the queue is full', { retryAfterMillis: 250 });
  assert.equal(overloaded.code, 'RESOURCE_EXHAUSTED');
  assert.equal(overloaded.retryAfterMillis, 250);
  assert.equal(overloaded.advice, reasons.OVERLOADED.advice);
  assert.equal(new PalateError('OVERLOADED', 'full').retryAfterMillis, 1_000);
  assert.equal(new PalateError('INVALID_REQUEST', 'bad', { retryAfterMillis: 250 }).retryAfterMillis, undefined);
});

test('from keeps a PalateError and makes INTERNAL of a stranger, whose message does not leave', () => {
  const known = new PalateError('STARTING', 'not yet');
  assert.equal(PalateError.from(known), known);
  for (const thrown of [new Error('password is hunter2'), 'text', undefined, null, 7]) {
    const made = PalateError.from(thrown);
    assert.equal(made.reason, 'INTERNAL');
    assert.equal(made.message, 'internal error');
    assert.equal(made.cause, thrown);
  }
});

test('errors are known by their brand, also those of another copy of the class', () => {
  const foreign = Object.assign(new Error('from a second copy'), { [Symbol.for('palate.error')]: true });
  assert.ok(isPalateError(foreign));
  assert.ok(!isPalateError(new Error('plain')));
  for (const thrown of [null, undefined, 'PalateError', 3]) assert.ok(!isPalateError(thrown));
});

test('a refusal in an overload costs no stack; any other error has one, also after it', () => {
  const stackOf = (reason: Reason) => new PalateError(reason, 'no').stack ?? '';
  assert.doesNotMatch(stackOf('OVERLOADED'), /\n\s+at /);
  assert.match(stackOf('INTERNAL'), /\n\s+at /);
});
