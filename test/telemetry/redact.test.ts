import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createLog } from '../../src/telemetry/log.ts';
import { redact, redactText } from '../../src/telemetry/redact.ts';

describe('what never reaches a log', () => {
  test('secrets under their names, at any depth and however they are spelled', () => {
    const names = ['token', 'Authorization', 'api_key', 'secret-access-key', 'PASSWORD', 'set-cookie', 'clientSecret'];
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(fc.constantFrom('a', 'b', '0'), { maxLength: 6 }),
        (name, path) => {
          const value = path.reduceRight<object>((inner, key) => (key === '0' ? [inner] : { [key]: inner }), {
            [name]: 'hunter2',
          });
          assert.ok(!JSON.stringify(redact(value)).includes('hunter2'));
        },
      ),
    );
  });

  test('who somebody is', () => {
    const lines = lineOf({ event: { userId: 'ada', visitor_id: 'ada', sessionId: 'ada', itemId: 'soup' } });
    assert.ok(!lines.includes('ada') && lines.includes('soup'));
  });

  test('credentials and queries of addresses, also in the text of an error and of its causes', () => {
    const cause = new Error('GET https://bucket.example/photo.jpg?X-Amz-Signature=hunter2&b=1 answered 403');
    const error = new Error('redis://me:hunter2@cache:6379/0 is away', { cause });
    for (const fields of [{ error }, { err: error }, { deep: { cause: error } }, { url: 'http://u:hunter2@h/' }]) {
      const line = lineOf(fields);
      assert.ok(!line.includes('hunter2'), line);
      assert.ok(line.includes('[redacted]'));
    }
    assert.ok(lineOf({ error }).includes('cache:6379'));
  });

  test('a header in the text of an error', () => {
    assert.equal(
      redactText('authorization: Bearer abcdefgh.ijk was refused'),
      'authorization: Bearer [redacted] was refused',
    );
  });

  test('the bytes of a photo', () => {
    assert.ok(
      lineOf({ image: new Uint8Array(1_000), of: { buffer: Buffer.from('hunter2') } }).includes('"[1000 bytes]"'),
    );
    assert.ok(!lineOf({ of: { buffer: Buffer.from('hunter2') } }).includes('104'));
  });
});

test('all else is written as it is', () => {
  const fields = {
    text: 'a text? yes: a/b@c',
    number: 1.5,
    big: 12n,
    none: null,
    missing: undefined,
    list: [1, { a: true }],
    map: new Map([['k', 'v']]),
    date: new Date(0),
  };
  const { level, time, message, ...told } = JSON.parse(lineOf(fields));
  assert.deepEqual([level, message, typeof time], ['info', 'x', 'string']);
  assert.deepEqual(told, {
    text: 'a text? yes: a/b@c',
    number: 1.5,
    big: '12',
    none: null,
    list: [1, { a: true }],
    map: { k: 'v' },
    date: '1970-01-01T00:00:00.000Z',
  });
});

test('circles and depths end', () => {
  const circle: Record<string, unknown> = {};
  circle['circle'] = circle;
  assert.ok(lineOf({ circle }).includes('[deeper]'));
});

test('what was thrown and is no error is described as one', () => {
  assert.equal(JSON.parse(lineOf({ error: 'just text' })).error.message, 'just text');
});

function lineOf(fields: Record<string, unknown>): string {
  const lines: string[] = [];
  createLog({ level: 'info', format: 'json' }, { write: (line) => lines.push(line) }).info(fields, 'x');
  return lines.join('');
}
