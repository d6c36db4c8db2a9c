import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectHttp2, constants } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, type ConnectionOptions as TlsConnectionOptions } from 'node:tls';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { digestOf } from '../../src/access/bearer.ts';
import type { ConnectionOptions } from '../../src/rpc/client/connection.ts';
import { createGrpcClient } from '../../src/rpc/client/grpc-client.ts';
import { until } from '../rpc/running-server.ts';
import { createAuthority, type Issued } from './certificates.ts';
import { type GuardedServer, guard } from './guarded-server.ts';
import { type LoggedCertificate, loggedCertificate, type TlsFiles, tlsFiles } from './tls-files.ts';

interface SecureServer extends LoggedCertificate {
  readonly files: TlsFiles;
  readonly server: GuardedServer;
}

async function secure(
  t: TestContext,
  settings: Readonly<Record<string, string>> = {},
  access: Readonly<Record<string, unknown>> = {},
): Promise<SecureServer> {
  const files = tlsFiles(t);
  const logged = loggedCertificate(files.settings(settings));
  return { ...logged, files, server: await guard(t, access, logged.certificate) };
}

function clientOf(t: TestContext, address: string, connection: ConnectionOptions) {
  const options = { connection: { tls: true, ...connection }, attempts: 1, isAlone: true, timeoutMillis: 5_000 };
  const { call, close } = createGrpcClient(RecommendationService, address, options);
  t.after(close);
  return call;
}

interface Page {
  readonly status: number;
  readonly text: string;
}

/** GET by HTTP/1.1 over TLS. */
function getByHttp1(address: string, path: string, options: TlsConnectionOptions): Promise<Page> {
  const agent = new Agent({ keepAlive: false });
  return new Promise((resolve, reject) => {
    const url = `https://${address}${path}`;
    httpsRequest(url, { agent, ...options }, async (response) => {
      resolve({ status: response.statusCode ?? 0, text: Buffer.concat(await Array.fromAsync(response)).toString() });
    })
      .once('error', reject)
      .end();
  });
}

/** GET by HTTP/2 over TLS. */
async function getByHttp2(address: string, path: string, options: TlsConnectionOptions): Promise<Page> {
  const session = connectHttp2(`https://${address}`, options);
  try {
    const stream = session.request({ ':path': path });
    const headers = once(stream, 'response');
    const cut = once(session, 'close').then(() => Promise.reject(new Error('the connection was cut')));
    const [{ ':status': status }] = (await Promise.race([headers, cut])) as [{ ':status': number }];
    return { status, text: Buffer.concat(await Array.fromAsync(stream)).toString() };
  } finally {
    session.destroy();
  }
}

/** The serial number of the certificate that a port shows. */
async function shownBy(address: string, options: TlsConnectionOptions): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  const socket = connectTls({ host, port: Number(port), ALPNProtocols: ['h2'], ...options });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

test('both ports speak TLS, and the HTTP port HTTP/1.1 and HTTP/2', async (t) => {
  const { server, files } = await secure(t);
  const call = clientOf(t, server.grpc, { caFile: files.caFile });
  assert.ok(await call.getStateStatus({}));
  const ca = files.authority.certificate;
  for (const get of [getByHttp1, getByHttp2]) {
    assert.deepEqual(await get(server.http, '/metrics', { ca }), { status: 200, text: 'a page' });
    const path = '/palate.recommendation.v1.RecommendationService/GetStateStatus?encoding=json&message=%7B%7D';
    assert.equal((await get(server.http, path, { ca })).status, 200);
    assert.equal((await get(server.http, '/nowhere', { ca })).status, 404);
  }
});

test('a caller who trusts another authority, or looks for another name, does not connect', async (t) => {
  const { server, files } = await secure(t);
  const strange = join(files.folder, 'strange.pem');
  writeFileSync(strange, createAuthority().certificate);
  const refused = (connection: ConnectionOptions, message: RegExp) =>
    assert.rejects(clientOf(t, server.grpc, connection).getStateStatus({}), { reason: 'UNREACHABLE', message });
  await refused({ caFile: strange }, /certificate/);
  await refused({ caFile: files.caFile, serverName: 'other.example.com' }, /other\.example\.com|altnames/);
  await refused({ tls: false }, /could not connect|was lost/);
  const { caFile } = files;
  assert.ok(await clientOf(t, server.grpc, { caFile, serverName: 'localhost' }).getStateStatus({}));
});

test('TLS 1.1 is not spoken, nor 1.2 where it is forbidden', async (t) => {
  const { server, files } = await secure(t);
  const ca = files.authority.certificate;
  const old: TlsConnectionOptions = { ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  const strict = await secure(t, { minVersion: 'TLSv1.3' });
  for (const port of ['grpc', 'http'] as const) {
    await assert.rejects(shownBy(server[port], old));
    assert.ok(await shownBy(server[port], { ca, maxVersion: 'TLSv1.2' }));
    const two: TlsConnectionOptions = { ca: strict.files.authority.certificate, maxVersion: 'TLSv1.2' };
    await assert.rejects(shownBy(strict.server[port], two));
  }
});

test('who speaks no TLS, or nothing at all, harms nobody', async (t) => {
  const { server, files } = await secure(t);
  for (const address of [server.grpc, server.http]) {
    const [host = '', port = ''] = address.split(':');
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', Buffer.alloc(10_000, 0x16), '']) {
      const socket = connectTcp({ host, port: Number(port) });
      socket.on('error', () => {});
      if (bytes === '') t.after(() => socket.destroy());
      else socket.end(bytes).resume();
      if (bytes !== '') await once(socket, 'close');
    }
  }
  assert.ok(await clientOf(t, server.grpc, { caFile: files.caFile }).getStateStatus({}));
});

/** Files of a client's certificate. */
function clientFiles(files: TlsFiles, issued: Issued, name: string): ConnectionOptions {
  const [certificateFile, keyFile] = [join(files.folder, `${name}.pem`), join(files.folder, `${name}.key`)];
  writeFileSync(certificateFile, issued.certificate);
  writeFileSync(keyFile, issued.key);
  return { caFile: files.caFile, certificateFile, keyFile };
}

const tokens = { tokens: { shop: { sha256: digestOf('a-static-token-of-the-shop'), roles: ['reader'] } } };

/** A server that asks for certificates, and knows one by its URI. */
async function mutual(t: TestContext, clientCertificates: 'optional' | 'required'): Promise<SecureServer> {
  const access = { ...tokens, certificates: { app: { subject: 'URI:spiffe://example.com/app', roles: ['reader'] } } };
  const files = tlsFiles(t);
  const logged = loggedCertificate(files.settings({ clientCertificates, clientCaFile: files.caFile }));
  return { ...logged, files, server: await guard(t, access, logged.certificate) };
}

test('where certificates are required a caller without one, or with a strange one, does not connect', async (t) => {
  const { server, files } = await mutual(t, 'required');
  const { caFile } = files;
  const token = 'a-static-token-of-the-shop';
  await assert.rejects(clientOf(t, server.grpc, { caFile, token }).getStateStatus({}), { code: 'UNAVAILABLE' });
  const strange = { ...clientFiles(files, createAuthority().issue(), 'strange'), token };
  await assert.rejects(clientOf(t, server.grpc, strange).getStateStatus({}), { code: 'UNAVAILABLE' });
  const ca = files.authority.certificate;
  for (const get of [getByHttp1, getByHttp2]) await assert.rejects(get(server.http, '/healthz', { ca }));
  const good = { ...clientFiles(files, files.authority.issue({ name: 'any' }), 'any'), token };
  assert.ok(await clientOf(t, server.grpc, good).getStateStatus({}));
});

test('a certificate is a credential of its own, on both ports and in both versions of HTTP', async (t) => {
  for (const way of ['optional', 'required'] as const) {
    const { server, files } = await mutual(t, way);
    const issued = files.authority.issue({ uris: ['spiffe://example.com/app'] });
    assert.ok(await clientOf(t, server.grpc, clientFiles(files, issued, 'app')).getStateStatus({}));
    const { certificate: cert, key } = issued;
    const path = '/palate.recommendation.v1.RecommendationService/GetStateStatus?encoding=json&message=%7B%7D';
    for (const get of [getByHttp1, getByHttp2]) {
      const ca = files.authority.certificate;
      assert.equal((await get(server.http, path, { ca, cert, key })).status, 200);
      // A reader may not open it, but is known.
      assert.equal((await get(server.http, '/metrics', { ca, cert, key })).status, 403);
    }
    assert.equal(server.calls[0]?.caller?.name, 'the certificate app');
    const other = clientFiles(files, files.authority.issue({ uris: ['spiffe://example.com/other'] }), 'other');
    const message = /the certificate shown is not one of access\.certificates/;
    await assert.rejects(clientOf(t, server.grpc, other).getStateStatus({}), { reason: 'TOKEN_MISSING', message });
  }
});

test('where certificates are optional, one that does not hold is refused all the same', async (t) => {
  const { server, files } = await mutual(t, 'optional');
  const { caFile } = files;
  assert.ok(await clientOf(t, server.grpc, { caFile, token: 'a-static-token-of-the-shop' }).getStateStatus({}));
  await assert.rejects(clientOf(t, server.grpc, { caFile }).getStateStatus({}), { reason: 'TOKEN_MISSING' });
  const forged = createAuthority().issue({ uris: ['spiffe://example.com/app'] });
  const expired = files.authority.issue({ uris: ['spiffe://example.com/app'], until: new Date(Date.now() - 1_000) });
  for (const [name, issued] of Object.entries({ forged, expired })) {
    const connection = clientFiles(files, issued, name);
    await assert.rejects(clientOf(t, server.grpc, connection).getStateStatus({}), { code: 'UNAVAILABLE' });
    const { certificate: cert, key } = issued;
    const ca = files.authority.certificate;
    for (const get of [getByHttp1, getByHttp2]) await assert.rejects(get(server.http, '/healthz', { ca, cert, key }));
  }
});

test('under load certificates are exchanged without a call that fails', async (t) => {
  const { server, files, certificate } = await secure(t);
  const ca = files.authority.certificate;
  let isOver = false;
  let answered = 0;
  const load = async () => {
    const call = clientOf(t, server.grpc, { caFile: files.caFile });
    while (!isOver) {
      await call.getStateStatus({});
      answered += 1;
    }
  };
  const newcomers = async () => {
    while (!isOver) {
      assert.ok(await clientOf(t, server.grpc, { caFile: files.caFile }).getStateStatus({}));
      assert.equal((await getByHttp2(server.http, '/metrics', { ca })).status, 200);
      assert.equal((await getByHttp1(server.http, '/metrics', { ca })).status, 200);
    }
  };
  const running = Promise.all([load(), load(), newcomers()]);
  const shown = new Set<string>();
  for (let round = 0; round < 5; round++) {
    shown.add(await shownBy(server.grpc, { ca }));
    shown.add(await shownBy(server.http, { ca }));
    // A bad one in between changes nothing.
    files.put({ certificate: createAuthority().issue().certificate });
    certificate.reload();
    files.put(files.authority.issue());
    certificate.reload();
    const before = answered;
    await until(() => answered > before + 20);
  }
  isOver = true;
  await running;
  assert.equal(shown.size, 5);
});

test('headers over the limit are refused, and others go on', async (t) => {
  const { server, files } = await secure(t);
  const ca = files.authority.certificate;
  const authorization = `Bearer ${'x'.repeat(40_000)}`;
  const session = connectHttp2(`https://${server.http}`, { ca });
  t.after(() => session.destroy());
  session.on('error', () => {});
  // The limit holds as soon as the other side has heard of it; until then it is nghttp2's own, of 64 KiB.
  await once(session.request({ ':path': '/metrics' }), 'response');
  const refused = session.request({ ':path': '/metrics', authorization });
  await assert.rejects(once(refused, 'response'));
  const status = await new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const sent = httpsRequest(`https://${server.http}/metrics`, { ca, agent, headers: { authorization } });
    sent
      .once('response', ({ statusCode }) => resolve(statusCode))
      .once('error', reject)
      .end();
  });
  assert.equal(status, 431);
  assert.equal((await getByHttp2(server.http, '/metrics', { ca })).status, 200);
});

test('when the server drains, a connection of HTTP/2 is told to go', async (t) => {
  const { server, files } = await secure(t);
  const session = connectHttp2(`https://${server.http}`, { ca: files.authority.certificate });
  const stream = session.request({ ':path': '/healthz' });
  await once(stream, 'response');
  stream.resume();
  const goaway = once(session, 'goaway');
  const closed = once(session, 'close');
  await server.server.drain(AbortSignal.timeout(2_000));
  assert.equal((await goaway)[0], constants.NGHTTP2_NO_ERROR);
  await closed;
});
