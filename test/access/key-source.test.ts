import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { keysFromFile, keysFromUrl } from '../../src/access/key-source.ts';
import { keySetOf, signingKey } from './signing.ts';

const key = signingKey('one');

async function serve(t: TestContext, answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
}

test('keys come from an address', async (t) => {
  const url = await serve(t, (response) => response.end(keySetOf(key)));
  assert.deepEqual((await keysFromUrl(url, 1_000)()).keys, [key.jwk]);
});

test('what is no answer is told', async (t) => {
  const answers: [RegExp, (response: ServerResponse) => void][] = [
    [/answered 500/, (response) => response.writeHead(500).end('{}')],
    [/fetch failed/, (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    [/JSON/, (response) => response.end('<html>')],
    [/no JSON Web Key Set/, (response) => response.end('null')],
    [/no public key/, (response) => response.end('{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}')],
    [/larger than/, (response) => response.end(Buffer.alloc(2 * 1024 * 1024, ' '))],
    [/timeout|aborted/, () => {}],
  ];
  for (const [message, answer] of answers) {
    await assert.rejects(keysFromUrl(await serve(t, answer), 200)(), { message });
  }
});

test('the private half of a key is not kept, should a file have it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'palate-keys-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'jwks.json');
  await writeFile(file, JSON.stringify({ keys: [key.privateKey.export({ format: 'jwk' })] }));
  const [read] = (await keysFromFile(file)()).keys;
  assert.equal(read?.x, key.jwk.x);
  assert.ok(read !== undefined && !('d' in read));
  await assert.rejects(keysFromFile(join(folder, 'none'))(), { code: 'ENOENT' });
});
