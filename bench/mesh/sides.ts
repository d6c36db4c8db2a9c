/** The ways to one and the same answer that are set side by side: straight, by another process, with TLS, with a token. */

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
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

type Start = (folder: string) => Promise<Omit<Side, 'name'>>;

/** By their names; `straight` is the one that the others are measured by. */
const starts: Readonly<Record<string, Start>> = {
  straight: async (folder) => alone(await start(folder, roles)),
  'by an edge': async (folder) => {
    const owner = await start(folder, roles);
    const edge = await start(join(folder, 'edge'), ['--roles', 'edge', '--peers', owner.grpc]);
    return { address: edge.grpc, servers: [edge, owner] };
  },
  'with a token': async (folder) => {
    const token = randomBytes(32).toString('base64url');
    const known = await start(folder, [...roles, '--set', `access.tokens=${tokens(token)}`]);
    return { ...alone(known), headers: { authorization: `Bearer ${token}` }, token };
  },
  'with TLS': async (folder) => {
    const { certificateFile, keyFile } = makeCertificate(folder);
    const secured = await start(folder, [...roles, '--tls-cert', certificateFile, '--tls-key', keyFile]);
    return { ...alone(secured), ca: readFileSync(certificateFile), caFile: certificateFile };
  },
};

/** Starts `straight`, and those whose name has one of the words; without words all. */
export async function startSides(folder: string, words: readonly string[]): Promise<readonly Side[]> {
  const wanted = Object.entries(starts).filter(
    ([name]) => name === 'straight' || words.length === 0 || words.some((word) => name.includes(word)),
  );
  const sides: Side[] = [];
  for (const [name, begin] of wanted) {
    const own = mkdtempSync(join(folder, 'way-'));
    sides.push({ name, ...(await begin(own)) });
  }
  return sides;
}

function alone(server: MeasuredServer): Omit<Side, 'name'> {
  return { address: server.grpc, servers: [server] };
}

function start(folder: string, args: readonly string[]): Promise<MeasuredServer> {
  mkdirSync(folder, { recursive: true });
  return startMeasured({ folder, args, isLoopWatched: false });
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
