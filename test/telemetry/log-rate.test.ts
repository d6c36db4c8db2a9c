import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { createLog } from '../../src/telemetry/log.ts';
import { LogRate } from '../../src/telemetry/log-rate.ts';

function recorder(repeatsPerSecond: number) {
  const told: unknown[] = [];
  return { told, rate: new LogRate({ repeatsPerSecond, tell: (...words) => told.push(words) }) };
}

describe('a message that is hot', () => {
  test('is written so often, then counted, then told', () => {
    const { rate, told } = recorder(3);
    const admitted = Array.from({ length: 10 }, () => rate.admit('warn', 'hot')).filter(Boolean).length;
    assert.equal(admitted, 3);
    assert.equal(rate.admit('error', 'other'), true);
    rate.tellAll();
    assert.deepEqual(told, [['warn', 'hot', 7]]);
    assert.equal(rate.admit('warn', 'hot'), true);
    assert.deepEqual(rate.counts, { written: { debug: 0, info: 0, warn: 4, error: 1 }, leftOut: 7 });
  });

  test('is told by itself when its second is over', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { rate, told } = recorder(1);
    for (let line = 0; line < 3; line++) rate.admit('error', 'hot');
    t.mock.timers.tick(1_000);
    assert.deepEqual(told, [['error', 'hot', 2]]);
    t.mock.timers.tick(10_000);
    assert.equal(told.length, 1);
  });

  test('is never left out while debugging, or where there is no bound', () => {
    const { rate } = recorder(1);
    assert.ok([1, 2, 3].every(() => rate.admit('debug', 'hot')));
    const unbounded = recorder(0);
    assert.ok([1, 2, 3].every(() => unbounded.rate.admit('info', 'hot')));
  });

  test('is told at the latest when the process ends', () => {
    const code = `
      const { createLog } = await import(${JSON.stringify(new URL('../../src/telemetry/log.ts', import.meta.url).href)});
      const log = createLog({ level: 'info', format: 'json', repeatsPerSecond: 2 });
      for (let line = 0; line < 9; line++) log.child({ line }).error({}, 'hot');`;
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ level, message, leftOut }) => [level, message, leftOut]),
      [
        ['error', 'hot', undefined],
        ['error', 'hot', undefined],
        ['error', 'hot', 7],
      ],
    );
  });
});

test('a log counts its lines by level, and those of its children', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', format: 'json', repeatsPerSecond: 2 }, { write: (line) => lines.push(line) });
  log.debug({}, 'not written');
  log.child({ part: 'x' }).warn({}, 'one');
  log.warn({}, 'one');
  log.warn({}, 'one');
  assert.deepEqual(log.counts, { written: { debug: 0, info: 0, warn: 2, error: 0 }, leftOut: 1 });
  assert.equal(lines.length, 2);
});
