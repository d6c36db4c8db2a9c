import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateFinder, namesOf } from '../../src/access/certificate-names.ts';
import { compileRoles } from '../../src/access/permissions.ts';
import { loadConfig } from '../../src/config.ts';

const subject = (CN: string | string[]) => ({ subject: { CN } as never });

test('the names of a certificate are its URIs, its DNS names and its one common name', () => {
  const subjectaltname = 'DNS:a.example.com, IP Address:10.0.0.1, URI:spiffe://example.com/app, email:a@b.c';
  const names = ['DNS:a.example.com', 'URI:spiffe://example.com/app', 'CN:app'];
  assert.deepEqual(namesOf({ subjectaltname, ...subject('app') }), names);
  assert.deepEqual(namesOf(subject(['a', 'b'])), []);
  assert.deepEqual(namesOf({}), []);
});

test('a name with commas in it does not pass for two', () => {
  const forged = String.raw`URI:"http://a/, DNS:admin.example.com", DNS:"x\", URI:spiffe://b"`;
  assert.deepEqual(namesOf({ subjectaltname: forged }), [
    'URI:http://a/, DNS:admin.example.com',
    'DNS:x", URI:spiffe://b',
  ]);
});

test('the first entry that fits says whose a certificate is', () => {
  const certificates = {
    apps: { subject: 'URI:spiffe://example.com/apps/*', tenants: ['acme'], roles: ['app'] },
    all: { subject: 'DNS:*.example.com', tenants: ['*'], roles: ['operator'] },
  };
  const find = certificateFinder(certificates, compileRoles(loadConfig({ env: {} }).access.roles));
  assert.equal(find(['DNS:x.example.com', 'URI:spiffe://example.com/apps/shop'])?.name, 'the certificate apps');
  assert.equal(find(['DNS:x.example.com'])?.tenants, 'all');
  assert.equal(find(['CN:x.example.com']), undefined);
  assert.equal(find(['DNS:example.com']), undefined);
});
