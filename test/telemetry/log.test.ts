import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PalateError } from '../../src/errors.ts';
import { describeError } from '../../src/telemetry/describe-error.ts';
import { createLog, silentLog } from '../../src/telemetry/log.ts';

function sink(isTTY = false) {
  const lines: string[] = [];
  return { isTTY, lines, write: (line: string) => lines.push(line), json: () => lines.map((line) => JSON.parse(line)) };
}

test('a line is one JSON object: level, time, fields, message', () => {
  const out = sink();
  createLog({ level: 'info', format: 'auto' }, out).info({ port: 50_051 }, 'listening');
  const [{ time, ...line }] = out.json();
  assert.deepEqual(line, { level: 'info', port: 50_051, message: 'listening' });
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
});

test('the level is the least that is written', () => {
  const out = sink();
  const log = createLog({ level: 'warn', format: 'json' }, out);
  log.debug({}, 'a');
  log.info({}, 'b');
  log.warn({}, 'c');
  log.error({}, 'd');
  assert.deepEqual(
    out.json().map(({ message }) => message),
    ['c', 'd'],
  );
  assert.equal(log.isDebug, false);
  assert.equal(createLog({ level: 'debug', format: 'json' }, out).isDebug, true);
  createLog({ level: 'silent', format: 'json' }, out).error({}, 'e');
  assert.equal(out.lines.length, 2);
});

test('a child carries its fields on every line', () => {
  const out = sink();
  createLog({ level: 'info', format: 'json' }, out)
    .child({ part: 'journal' })
    .child({ tenant: 'a' })
    .info({ n: 1 }, 'x');
  const [{ part, tenant, n }] = out.json();
  assert.deepEqual({ part, tenant, n }, { part: 'journal', tenant: 'a', n: 1 });
});

test('secrets are hidden, at the top and one level down', () => {
  const out = sink();
  const log = createLog({ level: 'info', format: 'json' }, out);
  log.info({ token: 'hunter2', metadata: { authorization: 'Bearer hunter2', tenant: 'a' } }, 'call');
  assert.ok(!out.lines.join('').includes('hunter2'));
  assert.equal(out.json()[0].metadata.tenant, 'a');
});

test('a terminal gets lines for people, with the stack of an error and of its causes', () => {
  const out = sink(true);
  const log = createLog({ level: 'info', format: 'auto' }, out);
  log.error(
    { error: new PalateError('JOURNAL_FAILED', 'no write', { cause: new Error('EIO') }), segment: 7 },
    'stopped',
  );
  const text = out.lines.join('');
  assert.throws(() => JSON.parse(text));
  for (const part of ['ERROR', 'stopped', '"segment":7', 'PalateError: no write', 'caused by: Error: EIO']) {
    assert.ok(text.includes(part), part);
  }
});

test('the format is a choice: JSON on a terminal, lines for people in a file', () => {
  const [terminal, file] = [sink(true), sink()];
  createLog({ level: 'info', format: 'json' }, terminal).info({}, 'x');
  createLog({ level: 'info', format: 'pretty' }, file).info({}, 'x');
  assert.equal(terminal.json()[0].message, 'x');
  assert.match(file.lines[0] ?? '', /INFO.*: x\n$/);
});

test('an error is described with its reason and the chain of its causes', () => {
  const root = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  const error = new PalateError('JOURNAL_FULL', 'the disk is full', { cause: new Error('append', { cause: root }) });
  const described = describeError(error);
  assert.equal(described.type, 'PalateError');
  assert.equal(described.reason, 'JOURNAL_FULL');
  assert.deepEqual(described.causes, ['Error: append', 'Error: no space left']);
  assert.equal(described.stack.match(/caused by: /g)?.length, 2);
  assert.equal(describeError(root).code, 'ENOSPC');
});

test('aggregated errors, circles, endless chains and strangers are described too', () => {
  const both = new AggregateError([new Error('first'), new Error('second')], 'both failed');
  assert.deepEqual(describeError(both).causes, ['Error: first', 'Error: second']);
  const circle = new Error('circle');
  circle.cause = circle;
  assert.equal(describeError(circle).causes, undefined);
  let deep = new Error('0');
  for (let depth = 1; depth < 100; depth++) deep = new Error(String(depth), { cause: deep });
  assert.equal(describeError(deep).causes?.length, 16);
  assert.equal(describeError('just text').message, 'just text');
  assert.equal(describeError(undefined).message, 'undefined');
  assert.equal(describeError(new Error('outer', { cause: { code: 7 } })).causes?.[0], 'Error: { code: 7 }');
});

test('the silent log takes everything and says nothing', () => {
  silentLog.child({ part: 'x' }).error({ error: new Error('x') }, 'x');
  assert.equal(silentLog.isDebug, false);
});
