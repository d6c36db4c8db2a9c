import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { identify } from '../../../src/scoring/stages/identify.ts';

const mebibyte = 1024 * 1024;

test('names a photo by its SHA-256, whatever its size', async () => {
  for (const size of [0, 1, mebibyte, mebibyte + 1, 3 * mebibyte + 17]) {
    const bytes = randomBytes(size);
    const { sha256 } = await identify(bytes);
    assert.equal(sha256, createHash('sha256').update(bytes).digest('hex'), `${size} bytes`);
  }
  const { sha256 } = await identify(Buffer.from('abc'));
  assert.equal(sha256, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('gives each a new UUID of version 7', async () => {
  const [one, other] = [await identify(Buffer.from('a')), await identify(Buffer.from('a'))];
  assert.match(one.imageId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(one.imageId, other.imageId);
});

test('lets others have their turn while a large one is hashed', async () => {
  let turns = 0;
  const count = () => {
    turns += 1;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  await identify(new Uint8Array(8 * mebibyte));
  clearImmediate(timer);
  assert.ok(turns >= 7, `${turns} turns`);
});
