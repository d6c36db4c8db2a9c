import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '../rpc/running-server.ts';
import { createAuthority, publicHalf } from './certificates.ts';
import { loggedCertificate, tlsFiles } from './tls-files.ts';

const dayMillis = 86_400_000;

test('a server starts with a pair that is good only, and is told what is wrong with another', (t) => {
  const files = tlsFiles(t);
  const { authority, put, settings, certificateFile, keyFile } = files;
  const good = authority.issue();
  const refused = (pair: Parameters<typeof put>[0], message: RegExp) => {
    put({ ...good, ...pair });
    assert.throws(() => loggedCertificate(settings()), { reason: 'TLS_INVALID', message });
  };
  refused(
    { key: authority.issue().key },
    /tls\.keyFile: .*server\.key is not the key of the certificate in .*server\.pem/,
  );
  refused({ certificate: 'nonsense' }, /tls\.certificateFile: .*server\.pem holds no certificate in PEM/);
  refused({ key: publicHalf(good) }, /tls\.keyFile: .*server\.key holds no private key in PEM/);
  const locked = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  });
  refused({ key: locked.privateKey }, /without a passphrase/);
  const until = new Date(Date.now() - 1_000);
  refused(authority.issue({ until }), /expired at 20/);
  put(good);
  for (const [name, file] of [
    ['certificateFile', certificateFile],
    ['keyFile', keyFile],
  ]) {
    rmSync(file!);
    const message = new RegExp(`tls\\.${name}: .*cannot be read: ENOENT`);
    assert.throws(() => loggedCertificate(settings()), { reason: 'TLS_INVALID', message });
    put(good);
  }
  const withCa = settings({ clientCertificates: 'required', clientCaFile: keyFile });
  assert.throws(() => loggedCertificate(withCa), { message: /tls\.clientCaFile: .* holds no certificate/ });
});

test('a certificate that expires soon is warned of, once a day', (t) => {
  const files = tlsFiles(t, { until: new Date(Date.now() + 2 * dayMillis) });
  const { certificate, lines } = loggedCertificate(files.settings());
  certificate.reload();
  assert.deepEqual(lines, ['warn: the certificate expires soon']);
  assert.deepEqual(loggedCertificate(files.settings({ warnBeforeExpiry: '1d' })).lines, []);
});

test('a new pair is taken, a bad one is reported once and the old one stays', (t) => {
  const files = tlsFiles(t);
  const { certificate, lines } = loggedCertificate(files.settings());
  const taken: unknown[] = [];
  certificate.onChange(({ cert }) => taken.push(String(cert)));
  certificate.reload();
  assert.deepEqual(taken, []);
  const next = files.authority.issue();
  files.put(next);
  certificate.reload();
  assert.deepEqual(taken, [next.certificate]);
  const stranger = createAuthority().issue();
  files.put({ certificate: stranger.certificate });
  for (let look = 0; look < 3; look++) certificate.reload();
  writeFileSync(files.certificateFile, '');
  for (let look = 0; look < 3; look++) certificate.reload();
  rmSync(files.certificateFile);
  for (let look = 0; look < 3; look++) certificate.reload();
  assert.equal(taken.length, 1);
  assert.equal(String(certificate.options().cert), next.certificate);
  assert.deepEqual(
    lines.map((line) => line.replaceAll(/\(.*?(is not the key|holds no|cannot be read).*\)/g, '($1)')),
    [
      'info: a new certificate is shown',
      'error: the new certificate is no good: the old one stays (is not the key)',
      'error: the new certificate is no good: the old one stays (holds no)',
      'error: the new certificate is no good: the old one stays (cannot be read)',
    ],
  );
  files.put(next);
  certificate.reload();
  files.put(files.authority.issue());
  certificate.reload();
  assert.equal(taken.length, 3);
});

test('it looks by time, and at SIGHUP', async (t) => {
  const files = tlsFiles(t);
  const hourly = loggedCertificate(files.settings({ reloadEvery: '1h' }));
  await hourly.certificate.start();
  t.after(() => hourly.certificate.stop());
  const bySignal = new Promise((resolve) => hourly.certificate.onChange(resolve));
  files.put(files.authority.issue());
  const handled = once(process, 'SIGHUP');
  process.kill(process.pid, 'SIGHUP');
  await handled;
  await bySignal;
  const often = loggedCertificate(files.settings({ reloadEvery: '100ms' }));
  await often.certificate.start();
  t.after(() => often.certificate.stop());
  let changes = 0;
  often.certificate.onChange(() => {
    changes += 1;
  });
  files.put(files.authority.issue());
  await until(() => changes === 1);
});
