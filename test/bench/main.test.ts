import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

function bench(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('npm run bench', () => {
  it('lists every benchmark with what it measures', () => {
    const { status, stdout } = bench();
    assert.equal(status, 0);
    for (const name of [
      'accuracy',
      'inference',
      'ingest',
      'large',
      'peers',
      'recommend',
      'replay',
      'scoring',
      'snapshot',
      'soak',
      'tracing',
      'unary',
    ]) {
      assert.match(stdout, new RegExp(`^  ${name} +\\w`, 'm'));
    }
  });

  it('shows the options of one', () => {
    const { status, stdout } = bench('ingest', '--help');
    assert.equal(status, 0);
    assert.match(stdout, /--batches VALUE/);
    assert.match(stdout, /--json/);
    assert.match(stdout, /--markdown/);
  });

  it('refuses what it does not know', () => {
    const unknown = bench('speed');
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /no benchmark "speed"/);
    const option = bench('ingest', '--fast');
    assert.equal(option.status, 2);
    assert.match(option.stderr, /--fast/);
    assert.match(bench('ingest', '--events', 'many').stderr, /--events takes a whole number/);
  });
});
