import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { digestOf } from '../../src/access/bearer.ts';
import { compileRoles } from '../../src/access/permissions.ts';
import { readStaticTokens } from '../../src/access/static-tokens.ts';
import { loadConfig } from '../../src/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'palate-tokens-'));
after(() => rmSync(folder, { recursive: true }));

function read(tokens: object) {
  const { access } = loadConfig({ env: {}, flags: { set: [`access.tokens=${JSON.stringify(tokens)}`] } });
  return readStaticTokens(access.tokens, compileRoles(access.roles));
}

test('a token is known by its hash or from its file, and is for the default tenant unless it says otherwise', () => {
  const file = join(folder, 'token');
  writeFileSync(file, 'a-token-of-a-file-1\n');
  const find = read({
    shop: { sha256: digestOf('the-token-of-the-shop'), tenants: ['acme'], roles: ['app'] },
    office: { file, roles: ['operator'] },
  });
  assert.deepEqual(find(digestOf('the-token-of-the-shop'))?.tenants, new Set(['acme']));
  const office = find(digestOf('a-token-of-a-file-1'));
  assert.equal(office?.name, 'the token office');
  assert.deepEqual(office?.tenants, new Set(['']));
  assert.equal(find(digestOf('another')), undefined);
});

test('a file that holds no token is told by its name, not by what is in it', () => {
  const file = join(folder, 'bad');
  assert.throws(() => read({ a: { file } }), {
    reason: 'CONFIG_INVALID',
    message: /access\.tokens\.a.*cannot be read/,
  });
  for (const bad of ['', 'short', 'two words of a token', 'ümläute-im-geheimnis']) {
    writeFileSync(file, bad);
    assert.throws(
      () => read({ a: { file } }),
      (error: Error) => bad === '' || !error.message.includes(bad),
    );
  }
});

test('a token has one name, one source, and roles that there are', () => {
  const sha256 = digestOf('the-token-of-the-shop');
  assert.throws(() => read({ a: { sha256 }, b: { sha256 } }), {
    message: /access\.tokens\.b is the token of another name/,
  });
  assert.throws(() => read({ a: { sha256, file: 'x' } }), { message: /either sha256 or file/ });
  assert.throws(() => read({ a: {} }), { message: /either sha256 or file/ });
  assert.throws(() => read({ a: { sha256, roles: ['boss'] } }), {
    message: /there is no role "boss"; known are reader, app/,
  });
  assert.throws(() => read({ a: { sha256: 'abc' } }), { message: /64 of 0-9 and a-f/ });
});
