import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAuthorize } from '../../src/access/authorize.ts';
import type { Caller } from '../../src/access/caller.ts';
import { TokenCache } from '../../src/access/token-cache.ts';
import { isPalateError, PalateError } from '../../src/errors.ts';

const caller: Caller = {
  name: 'the token',
  tenants: new Set(['acme']),
  permissions: { mayCall: (method) => method === 'a.B/C', events: undefined },
  expiresAtMillis: Number.POSITIVE_INFINITY,
};

const verify = async (token: string) => {
  if (token === 'good.signed.token') return caller;
  throw new PalateError('TOKEN_INVALID', 'the token is not one this server knows');
};

const authorize = createAuthorize({
  open: ['open.*'],
  maxTokenBytes: 1_000,
  signed: new TokenCache({ verify, maxTokens: 10, cacheMillis: 60_000 }),
  findCertificate: () => undefined,
});

function headers(authorization: string | undefined, method = 'a.B/C', tenant: string | undefined = 'acme') {
  const get = (name: string) => (name === 'authorization' ? authorization : undefined);
  return { method, tenant, get, peer: () => '', certificateNames: () => [] };
}

test('whatever header comes, the answer is the caller or a refusal that says why', async () => {
  const header = fc.oneof(
    fc.constantFrom(undefined, '', 'Bearer good.signed.token', 'bearer  good.signed.token'),
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 3_000 }),
    fc.string().map((text) => `Bearer ${text}`),
    fc.array(fc.base64String(), { maxLength: 5 }).map((parts) => `Bearer ${parts.join('.')}`),
  );
  await fc.assert(
    fc.asyncProperty(header, async (given) => {
      try {
        assert.equal(await authorize(headers(given)), caller);
        assert.match(given ?? '', /^bearer +good\.signed\.token *$/i);
      } catch (error) {
        assert.ok(isPalateError(error), String(error));
        assert.equal(error.code, 'UNAUTHENTICATED');
        assert.equal(error.reason, given === undefined ? 'TOKEN_MISSING' : 'TOKEN_INVALID');
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a token that is known is answered for at once', async () => {
  await authorize(headers('Bearer good.signed.token'));
  assert.equal(authorize(headers('Bearer good.signed.token')), caller);
});

test('what is open asks for nothing, and looks at nothing', () => {
  for (const method of ['open.A/B', '/healthz', '/readyz', 'grpc.health.v1.Health/Watch']) {
    assert.equal(authorize(headers('garbage', method)), undefined);
  }
});

test('a page is no tenant’s, and needs the permission all the same', async () => {
  await authorize(headers('Bearer good.signed.token'));
  const page = { ...headers('Bearer good.signed.token', '/metrics'), tenant: undefined };
  assert.throws(() => authorize(page), { reason: 'METHOD_DENIED' });
  const other = headers('Bearer good.signed.token', 'a.B/C', 'beta');
  assert.throws(() => authorize(other), { reason: 'TENANT_DENIED', message: 'the token is not for tenant beta' });
});
