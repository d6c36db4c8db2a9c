/** Who may call what: tokens, certificates, roles, and whom a server shows itself to. */
import * as z from 'zod';
import { checkJwt, jwt } from './jwt.ts';
import { methodAllowed, methodPattern, roleName, roles } from './roles.ts';
import { boolean, entries, section, size, structure, text, texts } from './settings.ts';

const grant = {
  tenants: texts({
    description: 'The tenants that it may call for: names, "" for the default tenant, * for all.',
    default: [''],
    pattern: /^(\*|[a-z0-9][a-z0-9-]{0,62})?$/,
    allowed: 'a list of tenants, "" for the default one, or *',
  }),
  roles: texts({
    description: 'Its roles; it may do what any of them may.',
    default: [],
    pattern: roleName,
    allowed: 'a list of roles',
  }),
};

const token = entries({
  sha256: text({
    description: 'The SHA-256 of the token in hexadecimal, as `palate token` prints it; or give file.',
    default: '',
    pattern: /^([0-9a-f]{64})?$/,
    allowed: '64 of 0-9 and a-f',
  }),
  file: text({
    description: 'A file that holds the token itself, such as a mounted secret; or give sha256.',
    default: '',
  }),
  ...grant,
});

const certificate = entries({
  subject: text({
    description: 'Which client certificates are meant: URI:, DNS: or CN: and a name, or a pattern with *.',
    pattern: /^(URI|DNS|CN):\S+$/,
    allowed: 'such as URI:spiffe://example.com/app, DNS:app.example.com or CN:app',
  }),
  ...grant,
});

const named = <Entry extends z.ZodType>(entry: Entry) => z.record(z.string().regex(/^[\w.-]{1,64}$/), entry);

/** Who may call what. */
export const access = section({
  allowAnonymous: boolean({
    description: 'Whether callers without credentials may call, with the roles of anonymousRoles, for any tenant.',
    default: false,
    flag: 'allow-anonymous',
  }),
  anonymousRoles: texts({
    description: 'The roles of such callers.',
    default: ['operator'],
    pattern: roleName,
    allowed: 'a list of roles',
  }),
  open: texts({
    description: 'What anyone may call without credentials; beside it always /healthz, /readyz and the health service.',
    default: ['/', 'grpc.reflection.*/*', 'inference.GRPCInferenceService/Server*'],
    pattern: methodPattern,
    allowed: methodAllowed,
  }),
  endStreamsAtExpiry: boolean({
    description: 'Whether a stream ends when the token expires that it was opened with.',
    default: true,
  }),
  maxTokenBytes: size({ description: 'Largest token taken.', default: '8KiB', min: '64', max: '64KiB' }),
  tokens: structure(named(token), {
    description: 'Static tokens, by a name that logs may show.',
    allowed: 'a map from a name to sha256 or file, tenants and roles',
    default: {},
  }),
  certificates: structure(named(certificate), {
    description: 'Client certificates that are credentials by themselves, by a name that logs may show.',
    allowed: 'a map from a name to subject, tenants and roles',
    default: {},
  }),
  jwt,
  roles,
});

type Access = z.output<typeof access>;

/** Tells of each relation between keys that does not hold. `fail` takes a path and a sentence. */
export function checkAccess(given: Access, fail: (path: readonly string[], message: string) => void): void {
  for (const [name, { sha256, file, roles }] of Object.entries(given.tokens)) {
    if ((sha256 === '') === (file === '')) fail(['access', 'tokens', name], 'it must have either sha256 or file');
    checkRoles(given, roles, ['access', 'tokens', name, 'roles'], fail);
  }
  for (const [name, { roles }] of Object.entries(given.certificates)) {
    checkRoles(given, roles, ['access', 'certificates', name, 'roles'], fail);
  }
  checkRoles(given, given.anonymousRoles, ['access', 'anonymousRoles'], fail);
  checkRoles(given, given.jwt.defaultRoles, ['access', 'jwt', 'defaultRoles'], fail);
  checkJwt(given.jwt, fail);
}

function checkRoles(
  given: Access,
  names: readonly string[],
  path: readonly string[],
  fail: (path: readonly string[], message: string) => void,
): void {
  const unknown = names.find((name) => !Object.hasOwn(given.roles, name));
  if (unknown === undefined) return;
  fail(path, `there is no role ${JSON.stringify(unknown)}; known are ${Object.keys(given.roles).join(', ')}`);
}
