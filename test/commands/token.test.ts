import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { run } from './run.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('a new token comes with its hash, and is never the same', async () => {
  const made = new Set<string>();
  for (let time = 0; time < 5; time++) {
    const { code, stdout } = await run(['token', '--json']);
    assert.equal(code, 0);
    const { token, sha256: hash } = JSON.parse(stdout) as { token: string; sha256: string };
    assert.match(token, /^[\w-]{43}$/);
    assert.equal(hash, sha256(token));
    made.add(token);
  }
  assert.equal(made.size, 5);
});

test('for people there is a line for each', async () => {
  const [, token, hash] = /^token {3}(\S+)\nsha256 {2}(\S+)\n$/.exec((await run(['token'])).stdout) ?? [];
  assert.equal(hash, sha256(token ?? ''));
});
