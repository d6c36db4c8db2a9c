/** Servers as processes of their own, with TLS and tokens: their commands, grpcurl, a follower, and what they log. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect } from 'node:tls';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { createGrpcClient } from '../../src/rpc/client/grpc-client.ts';
import { runProgram } from '../interop/run-program.ts';
import {
  type Ended,
  eventually,
  runPalate,
  type ServeOptions,
  servePalate,
  temporaryFolder,
} from '../servers/palate-process.ts';
import { audience, issuer, keySetOf, sign, signingKey } from './signing.ts';
import { tlsFiles } from './tls-files.ts';

const files = tlsFiles({ after });
const folder = await temporaryFolder({ after });
const write = (name: string, text: string) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const key = signingKey('one', 'ES256');
const signed = await sign(key, { claims: { tenants: [''], roles: ['app'] } });
const tokens = { office: 'the-token-of-the-office', replica: 'the-token-of-a-replica', app: 'the-token-of-an-app' };
const config = write(
  'palate.yaml',
  `
tls: {certificateFile: ${files.certificateFile}, keyFile: ${files.keyFile}, clientCertificates: optional, clientCaFile: ${files.caFile}}
access:
  tokens:
    office: {file: ${write('office.token', `${tokens.office}\n`)}, roles: [operator]}
    replica: {sha256: ${sha256(tokens.replica)}, tenants: ["*"], roles: [peer]}
    app: {sha256: ${sha256(tokens.app)}, roles: [app]}
  certificates:
    monitor: {subject: "CN:monitor", roles: [monitor]}
  jwt: {jwksFile: ${write('jwks.json', keySetOf(key))}, issuer: "${issuer}", audience: [${audience}]}
`,
);

const serve = (options: ServeOptions = {}) =>
  servePalate({ after }, { ...options, args: ['--config', config, '--log-level', 'debug', ...(options.args ?? [])] });
const server = await serve();

const tlsFlags = ['--tls', '--ca-file', files.caFile];
const palate = (command: string, ...args: string[]): Promise<Ended> =>
  runPalate([command, '--address', server.grpc, ...tlsFlags, ...args]);

test('the commands speak TLS and send tokens', async () => {
  const view = '{"sessionId": "s", "itemViewed": {"itemId": "a"}}';
  const published = await palate('publish', '--token', signed, view);
  assert.equal(published.stdout, '1 accepted, up to sequence 1, 0 duplicates, 0 rejected\n', published.stderr);
  const denied = await palate('publish', '--token', tokens.app, '{"userId": "u", "userErased": {}}');
  assert.match(denied.stderr, /EVENT_DENIED: no role may publish user_erased here/);
  const office = await palate('status', '--token-file', join(folder, 'office.token'));
  assert.equal(office.code, 0, office.stderr);
});

test('without a token, with another, without TLS or for another tenant they say what is wrong', async () => {
  const problems: [RegExp, Promise<Ended>][] = [
    [/TOKEN_MISSING: this server wants a token.*Bearer/s, palate('status')],
    [/TOKEN_INVALID: /, palate('status', '--token', 'another-token-altogether')],
    [
      /TENANT_DENIED: the token app is not for tenant acme/,
      palate('recommend', '--token', tokens.app, '--tenant', 'acme'),
    ],
    [/METHOD_DENIED: no role of the token app may call .*GetJournalStatus/, palate('status', '--token', tokens.app)],
    [/UNREACHABLE: /, runPalate(['status', '--address', server.grpc])],
    [/UNREACHABLE: .*certificate/, runPalate(['status', '--address', server.grpc, '--tls'])],
    [/TLS_INVALID: nowhere\.pem cannot be read: ENOENT/, palate('status', '--ca-file', 'nowhere.pem')],
    [/client\.tls .*must be true/, runPalate(['status', '--ca-file', files.caFile])],
  ];
  for (const [message, ended] of problems) {
    const { code, stderr } = await ended;
    assert.match(stderr, message);
    assert.notEqual(code, 0);
  }
});

test('grpcurl calls with TLS, a token or a certificate', async () => {
  const trust = ['-cacert', files.caFile];
  const status = 'palate.ingest.v1.IngestService/GetJournalStatus';
  const bearer = ['-H', `authorization: Bearer ${tokens.office}`];
  const answered = await runProgram('grpcurl', [...trust, ...bearer, server.grpc, status]);
  assert.equal(answered.code, 0, answered.stderr);
  const listed = await runProgram('grpcurl', [...trust, server.grpc, 'list']);
  assert.match(listed.stdout, /palate\.scoring|palate\.ingest/);
  const refused = await runProgram('grpcurl', [...trust, server.grpc, status]);
  assert.match(refused.stderr, /Unauthenticated.*TOKEN_MISSING/s);
  const issued = files.authority.issue({ name: 'monitor' });
  const certificate = ['-cert', write('m.pem', issued.certificate), '-key', write('m.key', issued.key)];
  const monitor = await runProgram('grpcurl', [...trust, ...certificate, server.grpc, status]);
  assert.equal(monitor.code, 0, monitor.stderr);
});

test('a follower reads the journal over TLS with a token of its own', async () => {
  const reach = [
    'peers.tls=true',
    `peers.caFile=${files.caFile}`,
    `peers.tokenFile=${write('replica.token', tokens.replica)}`,
  ];
  const args = ['--roles', 'recommendation', '--follow', server.grpc, ...reach.flatMap((pair) => ['--set', pair])];
  const follower = await servePalate({ after }, { args });
  const { call, close } = createGrpcClient(RecommendationService, follower.grpc);
  after(close);
  await eventually('the follower has what the owner has', async () => {
    return (await call.getStateStatus({ omitDigest: true })).sequence === 1n;
  });
});

async function serialNumber(address: string): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect({ host, port: Number(port), ca: files.authority.certificate, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  const serial = socket.getPeerX509Certificate()?.serialNumber ?? '';
  socket.destroy();
  return serial;
}

test('SIGHUP brings a new certificate, and a bad one changes nothing', async () => {
  const before = await serialNumber(server.grpc);
  files.put(files.authority.issue());
  server.process.kill('SIGHUP');
  await eventually('the new certificate is shown', async () => (await serialNumber(server.grpc)) !== before);
  const now = await serialNumber(server.http);
  assert.notEqual(now, before);
  files.put({ certificate: 'nonsense' });
  server.process.kill('SIGHUP');
  await eventually('it is reported', () => server.complaints.some((line) => /old one stays/.test(line)));
  assert.equal(await serialNumber(server.http), now);
});

test('it does not start on an address of others without credentials, or with a certificate that is no good', async () => {
  const open = await runPalate(['serve', '--host', '0.0.0.0', '--data', join(folder, 'none')]);
  assert.equal(open.code, 1);
  assert.match(open.stderr, /ACCESS_OPEN: host 0\.0\.0\.0 .*access\.tokens.*--allow-anonymous/s);
  const tls = ['--tls-cert', files.caFile, '--tls-key', files.keyFile];
  const bad = await runPalate(['serve', '--data', join(folder, 'none'), ...tls]);
  assert.match(bad.stderr, /TLS_INVALID: tls\.keyFile: .* is not the key of the certificate/);
});

test('no token and no key stands in a log, nor in what palate config shows', async () => {
  const secrets = [
    signed,
    ...signed.split('.').slice(1),
    ...Object.values(tokens),
    'another-token-altogether',
    'BEGIN PRIVATE',
  ];
  const shown = await runPalate([
    'config',
    '--config',
    config,
    '--token',
    tokens.app,
    '--set',
    `peers.token=${tokens.replica}`,
  ]);
  assert.equal(shown.code, 0, shown.stderr);
  const typo = await runPalate(['config', '--set', `client.tokn=${tokens.app}`]);
  for (const text of [...server.complaints, shown.stdout, shown.stderr, typo.stderr]) {
    for (const secret of secrets) assert.ok(!text.includes(secret), `a secret in: ${text.slice(0, 200)}`);
  }
});
