/** A real S3 server with signatures: versitygw over a folder (https://github.com/versity/versitygw). */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { versitygw } from '../../scripts/test-servers.ts';
import type { Scope } from './palate-process.ts';
import { freePort, type ServerProgram, serverProgram } from './server-program.ts';

export interface S3Server extends ServerProgram {
  /** `http://host:port` */
  readonly endpoint: string;
  readonly address: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly region: string;
  /** Buckets are folders here, and objects are files. */
  readonly folder: string;
}

export interface S3ServerOptions {
  /** Default: a new one. It must take extended attributes. */
  readonly folder?: string;
}

/** Starts one that is gone when the test is over. Buckets may keep versions. */
export async function startS3(t: Scope, options: S3ServerOptions = {}): Promise<S3Server> {
  const own = await mkdtemp(join(tmpdir(), 'palate-s3-'));
  const folder = options.folder ?? join(own, 'buckets');
  const versions = join(own, 'versions');
  await Promise.all([folder, versions].map((each) => mkdir(each, { recursive: true })));
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'palate-test', secretAccessKey: 'palate-test-secret' };
  const region = 'eu-test-1';
  const server = serverProgram({
    command: versitygw.file,
    args: [
      '--port',
      address,
      '--region',
      region,
      '--keep-alive',
      '--quiet',
      'posix',
      '--versioning-dir',
      versions,
      folder,
    ],
    env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    port,
  });
  t.after(async () => {
    await server.kill();
    await rm(own, { recursive: true, force: true });
  });
  await server.start();
  return { ...server, endpoint: `http://${address}`, address, credentials, region, folder };
}
