import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLocalJWKSet, UnsecuredJWT } from 'jose';
import { compileRoles } from '../../src/access/permissions.ts';
import { createVerifySigned } from '../../src/access/signed-tokens.ts';
import { loadConfig } from '../../src/config.ts';
import { isPalateError } from '../../src/errors.ts';
import { audience, issuer, keySetOf, sign, signingKey } from './signing.ts';

const [edwards, elliptic, rsa, unnamed] = [
  signingKey('edwards'),
  signingKey('elliptic', 'ES256'),
  signingKey('rsa', 'RS256'),
  signingKey('unnamed'),
];

function verifierWith(settings: Readonly<Record<string, string>> = {}) {
  const set = Object.entries({ jwksFile: 'x', issuer, audience, ...settings });
  const { jwt, roles } = loadConfig({
    env: {},
    flags: { set: set.map(([key, value]) => `access.jwt.${key}=${value}`) },
  }).access;
  const keys = JSON.parse(keySetOf(edwards, elliptic, rsa, unnamed));
  return createVerifySigned(jwt, createLocalJWKSet(keys), compileRoles(roles));
}

const verify = verifierWith();

async function refused(token: string, message: RegExp, reason = 'TOKEN_INVALID', by = verify): Promise<void> {
  await assert.rejects(by(token), (error) => {
    assert.ok(isPalateError(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    const [, payload = 'none', signature = 'none'] = token.split('.');
    for (const part of [token, payload, signature]) assert.ok(part.length < 10 || !error.message.includes(part));
    return true;
  });
}

test('a good token says whose it is, whichever key signed it', async () => {
  for (const key of [edwards, elliptic, rsa]) {
    const caller = await verify(await sign(key, { claims: { tenants: ['acme', 'b'], roles: ['app'] } }));
    assert.deepEqual(caller.tenants, new Set(['acme', 'b']));
    assert.ok(caller.permissions.mayCall('palate.ingest.v1.IngestService/Publish'));
    assert.ok(Math.abs(caller.expiresAtMillis - Date.now() - 3_630_000) < 5_000);
  }
});

test('issuer, audience, beginning and end have to hold', async () => {
  await refused(await sign(edwards, { issuer: 'https://other.example.com' }), /iss does not hold/);
  await refused(await sign(edwards, { audience: 'other' }), /aud does not hold/);
  await refused(await sign(edwards, { expiresInSeconds: -31 }), /has expired/, 'TOKEN_EXPIRED');
  await refused(await sign(edwards, { expiresInSeconds: undefined }), /lacks exp/);
  const nbf = Math.floor(Date.now() / 1_000) + 60;
  await refused(await sign(edwards, { claims: { nbf } }), /nbf does not hold/);
});

test('clocks may differ by the leeway', async () => {
  assert.ok(await verify(await sign(edwards, { expiresInSeconds: -20 })));
  const nbf = Math.floor(Date.now() / 1_000) + 20;
  assert.ok(await verify(await sign(edwards, { claims: { nbf } })));
  const strict = verifierWith({ leeway: '0s' });
  await refused(await sign(edwards, { expiresInSeconds: -1 }), /has expired/, 'TOKEN_EXPIRED', strict);
});

test('no algorithm is taken that is not allowed, none at all in particular', async () => {
  const unsigned = new UnsecuredJWT({ roles: 'operator' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime('1h');
  await refused(unsigned.encode(), /not allowed|not one this server knows/);
  const onlyElliptic = verifierWith({ algorithms: 'ES256' });
  await refused(await sign(rsa), /algorithm/, 'TOKEN_INVALID', onlyElliptic);
  assert.ok(await onlyElliptic(await sign(elliptic)));
});

test("an RSA key's public half is no HMAC secret", async () => {
  const [, payload] = (await sign(rsa)).split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'rsa' })).toString('base64url');
  for (const secret of [JSON.stringify(rsa.jwk), rsa.jwk.n ?? '', '']) {
    const signature = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
    await refused(`${header}.${payload}.${signature}`, /algorithm/);
  }
});

test('a token of another key, or of none, is refused', async () => {
  const stranger = signingKey('edwards');
  await refused(await sign(stranger), /signature does not hold/);
  await refused(await sign({ ...stranger, kid: 'stranger' }), /key that its issuer does not have/);
  const embedded = await sign(stranger, { header: { jwk: stranger.jwk as never, jku: 'https://example.com/keys' } });
  await refused(embedded, /signature does not hold/);
});

test('without a key id each key that could be meant is tried', async () => {
  const token = await sign({ ...unnamed, kid: undefined as never });
  assert.ok(await verify(token));
  await refused(await sign({ ...signingKey('x'), kid: undefined as never }), /signature does not hold/);
});

test('a token that was changed anywhere is refused', async () => {
  const token = await sign(edwards);
  const places = fc.tuple(fc.nat(token.length - 1), fc.constantFrom(...'abcXYZ019-_.'));
  await fc.assert(
    fc.asyncProperty(places, async ([at, letter]) => {
      const changed = token.slice(0, at) + letter + token.slice(at + 1);
      // The last letter of a signature has bits that mean nothing, and jose may read them so.
      if (changed === token || at === token.length - 1) return;
      await refused(changed, /./);
    }),
    { numRuns: 200 },
  );
});

test('garbage is refused', async () => {
  const garbage = fc.oneof(
    fc.string(),
    fc.array(fc.base64String(), { maxLength: 6 }).map((parts) => parts.join('.')),
  );
  await fc.assert(
    fc.asyncProperty(garbage, (token) => refused(token, /./)),
    { numRuns: 300 },
  );
});

test('tenants and roles come from the claims that are configured', async () => {
  const claims = { 'https://example.com/tenants': 'acme beta', realm: { access: ['reader'] }, scope: 'openid app' };
  const by = (settings: Readonly<Record<string, string>>) => async () =>
    verifierWith(settings)(await sign(edwards, { claims }));
  const named = await by({ tenantClaim: 'https://example.com/tenants', roleClaim: 'realm.access' })();
  assert.deepEqual(named.tenants, new Set(['acme', 'beta']));
  assert.ok(!named.permissions.mayCall('palate.ingest.v1.IngestService/Publish'));
  assert.ok(named.permissions.mayCall('palate.scoring.v1.ScoringService/GetScore'));
  const scoped = await by({ roleClaim: 'scope' })();
  assert.ok(scoped.permissions.mayCall('palate.ingest.v1.IngestService/Publish'));
  assert.equal(isEmpty(scoped.tenants), true, 'a token without the claim is for no tenant');
  assert.deepEqual((await by({ tenantClaim: '' })()).tenants, new Set(['']));
  const defaults = await by({ defaultRoles: 'reader' })();
  assert.ok(defaults.permissions.mayCall('palate.scoring.v1.ScoringService/GetScore'));
});

test('a claim of another form, or of the language, gives nothing', async () => {
  for (const claims of [{ tenants: 7, roles: { a: 1 } }, { tenants: [1], roles: [['operator']] }, {}]) {
    const caller = await verify(await sign(edwards, { claims: claims as never }));
    assert.ok(isEmpty(caller.tenants) && !caller.permissions.mayCall('/metrics'));
  }
  const inherited = verifierWith({ tenantClaim: 'constructor.name', roleClaim: '__proto__' });
  assert.ok(isEmpty((await inherited(await sign(edwards))).tenants));
});

function isEmpty(tenants: ReadonlySet<string> | 'all'): boolean {
  return tenants !== 'all' && tenants.size === 0;
}
