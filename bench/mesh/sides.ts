/** The ways to one and the same answer that are set side by side: straight, by another process, with TLS, with a token. */

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MeasuredServer, startMeasured } from '../measured-server.ts';

export interface Side {
  readonly name: string;
  /** Where callers go. */
  readonly address: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The authority of its certificate; undefined: no TLS. */
  readonly ca?: Buffer;
  readonly caFile?: string;
  /** Every process on the way. */
  readonly servers: readonly MeasuredServer[];
  readonly token?: string;
}

const roles = ['--roles', 'ingest,recommendation'];

/** Starts them. The first is the one that the others are measured by. */
export async function startSides(folder: string): Promise<readonly Side[]> {
  const alone = await start(folder, 'alone', roles);
  const edge = await start(folder, 'edge', ['--roles', 'edge', '--peers', alone.grpc]);
  const token = randomBytes(32).toString('base64url');
  const known = await start(folder, 'token', [...roles, '--set', `access.tokens=${tokens(token)}`]);
  const { certificateFile, keyFile } = makeCertificate(folder);
  const secured = await start(folder, 'tls', [...roles, '--tls-cert', certificateFile, '--tls-key', keyFile]);
  return [
    { name: 'straight', address: alone.grpc, servers: [alone] },
    { name: 'by an edge', address: edge.grpc, servers: [edge, alone] },
    {
      name: 'with a token',
      address: known.grpc,
      headers: { authorization: `Bearer ${token}` },
      token,
      servers: [known],
    },
    {
      name: 'with TLS',
      address: secured.grpc,
      ca: readFileSync(certificateFile),
      caFile: certificateFile,
      servers: [secured],
    },
  ];
}

function start(folder: string, name: string, args: readonly string[]): Promise<MeasuredServer> {
  const own = join(folder, name);
  mkdirSync(own);
  return startMeasured({ folder: own, args, isLoopWatched: false });
}

function tokens(token: string): string {
  const sha256 = createHash('sha256').update(token).digest('hex');
  return JSON.stringify({ bench: { sha256, roles: ['operator'] } });
}

function makeCertificate(folder: string) {
  const [certificateFile, keyFile] = [join(folder, 'server.pem'), join(folder, 'server.key')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
  const request = ['req', '-x509', ...key, '-out', certificateFile, '-days', '2', ...subject];
  execFileSync('openssl', request, { stdio: 'ignore' });
  return { certificateFile, keyFile };
}
