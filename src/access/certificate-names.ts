import type { PeerCertificate } from 'node:tls';
import type { Config } from '../config.ts';
import { type Caller, tenantsOf } from './caller.ts';
import { compilePatterns } from './pattern.ts';
import type { PermissionsOf } from './permissions.ts';

/** An entry of `subjectaltname`: its kind, and its name, in quotes where it has a comma or a quote within. */
const alternative = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;

/** The names in a certificate: `URI:spiffe://example.com/app`, `DNS:app.example.com`, and its one `CN:app`. */
export function namesOf(certificate: Partial<Pick<PeerCertificate, 'subjectaltname' | 'subject'>>): readonly string[] {
  const names: string[] = [];
  for (const [, kind = '', name = ''] of (certificate.subjectaltname ?? '').matchAll(alternative)) {
    if (kind === 'URI' || kind === 'DNS') names.push(`${kind}:${name.startsWith('"') ? unquote(name) : name}`);
  }
  const commonName: unknown = certificate.subject?.CN;
  return typeof commonName === 'string' ? [...names, `CN:${commonName}`] : names;
}

function unquote(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return '';
  }
}

/** Finds whom a certificate's names mean: the first entry of the configuration that fits one of them. */
export function certificateFinder(
  certificates: Config['access']['certificates'],
  permissionsOf: PermissionsOf,
): (names: readonly string[]) => Caller | undefined {
  const entries = Object.entries(certificates).map(([name, { subject, tenants, roles }]) => ({
    isMeant: compilePatterns([subject]),
    caller: {
      name: `the certificate ${name}`,
      tenants: tenantsOf(tenants),
      permissions: permissionsOf(roles),
      expiresAtMillis: Number.POSITIVE_INFINITY,
    },
  }));
  return (names) => entries.find(({ isMeant }) => names.some(isMeant))?.caller;
}
