/** Files of certificates in a folder of a test, and the settings that name them. */

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CertificateLog, ServerCertificate } from '../../src/access/server-certificate.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import type { Scope } from '../servers/palate-process.ts';
import { type Authority, type CertificateInit, createAuthority, type Issued } from './certificates.ts';

export interface TlsFiles {
  readonly authority: Authority;
  readonly folder: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** Puts a pair in the place of the one that is there. */
  put(pair: Partial<Issued>): void;
  settings(more?: Readonly<Record<string, string>>): Config['tls'];
}

/** An authority with a certificate of the server. */
export function tlsFiles(t: Scope, init?: CertificateInit): TlsFiles {
  const folder = mkdtempSync(join(tmpdir(), 'palate-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const authority = createAuthority();
  const [certificateFile = '', keyFile = '', caFile = ''] = ['server.pem', 'server.key', 'ca.pem'].map((name) =>
    join(folder, name),
  );
  const write = (file: string, text: string | undefined) => {
    if (text === undefined) return;
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  const put = ({ certificate, key }: Partial<Issued>) => {
    write(keyFile, key);
    write(certificateFile, certificate);
  };
  put(authority.issue(init));
  write(caFile, authority.certificate);
  return {
    authority,
    folder,
    certificateFile,
    keyFile,
    caFile,
    put,
    settings(more = {}) {
      const all = { certificateFile, keyFile, ...more };
      return loadConfig({ env: {}, flags: { set: Object.entries(all).map(([key, value]) => `tls.${key}=${value}`) } })
        .tls;
    },
  };
}

export interface LoggedCertificate {
  readonly certificate: ServerCertificate;
  /** `level: message` of each line, and what it says is the problem. */
  readonly lines: string[];
}

/** A certificate with what it has logged. */
export function loggedCertificate(settings: Config['tls']): LoggedCertificate {
  const lines: string[] = [];
  const at = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push(`${level}: ${message}${fields['problem'] === undefined ? '' : ` (${fields['problem']})`}`);
  };
  const log: CertificateLog = { info: at('info'), warn: at('warn'), error: at('error') };
  return { certificate: new ServerCertificate(settings, log), lines };
}
