/** Who may call what: tokens, certificates, roles, and whom a server shows itself to. */
import * as z from 'zod';
import { boolean, choices, duration, entries, integer, section, size, structure, text, texts } from './settings.ts';

/** What signs a token. Only keys with a public half: who can check a token must not be able to make one. */
export const tokenAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

const patternList = (description: string, allowed: string, pattern: RegExp) =>
  texts({ description, default: [], pattern, allowed });

const methodPattern = /^(\*|\/[\w./*-]*|[\w.*]+\/[\w*]+)$/;
const methodAllowed =
  'a list of methods such as palate.scoring.v1.ScoringService/Score, pages such as /metrics, or patterns with *';
const eventPattern = /^([a-z*]+\/)?[a-z_*]+$/;
const eventAllowed = 'a list of event types such as item_viewed, groups such as browse/*, or patterns with *';

const role = entries({
  methods: patternList('What its holders may call.', methodAllowed, methodPattern),
  denyMethods: patternList('What they may not call all the same.', methodAllowed, methodPattern),
  events: patternList('The types of events that they may publish.', eventAllowed, eventPattern),
  denyEvents: patternList('The types that they may not publish all the same.', eventAllowed, eventPattern),
});

/** A role, its patterns as the file has them. */
export type Role = z.output<typeof role>;

const everyone = ['grpc.health.v1.Health/*', 'grpc.reflection.*/*'];
const reading = [
  'palate.recommendation.v1.RecommendationService/*',
  'palate.scoring.v1.ScoringService/Get*',
  'palate.scoring.v1.ScoringService/List*',
];
const publishing = ['palate.ingest.v1.IngestService/Publish*'];

/** The shipped roles, in the form of the file. One of the same name in the file takes its place. */
export const shippedRoles = {
  reader: { methods: [...everyone, ...reading, 'palate.ingest.v1.IngestService/GetJournalStatus'] },
  app: {
    methods: [
      ...everyone,
      ...reading,
      ...publishing,
      'palate.scoring.v1.ScoringService/Score',
      'palate.scoring.v1.ScoringService/ScoreStream',
    ],
    events: ['browse/*', 'intent/*', 'outcome/*', 'loop/*', 'user/*'],
    denyEvents: ['user_erased'],
  },
  catalogue: { methods: [...everyone, ...reading, ...publishing], events: ['catalogue/*'] },
  expert: {
    methods: [...everyone, ...reading, ...publishing, 'palate.scoring.v1.ScoringService/ReviewScore'],
    events: ['meal_reviewed'],
  },
  peer: {
    methods: [
      ...everyone,
      ...reading,
      ...publishing,
      'palate.ingest.v1.IngestService/Subscribe',
      'palate.ingest.v1.IngestService/GetJournalStatus',
      'palate.scoring.v1.ScoringService/Score*',
      'inference.GRPCInferenceService/*',
    ],
    denyMethods: ['inference.GRPCInferenceService/Repository*'],
    events: ['meal_scored', 'recommendation_served'],
  },
  monitor: {
    methods: [
      ...everyone,
      '/metrics',
      'palate.ingest.v1.IngestService/GetJournalStatus',
      'palate.recommendation.v1.RecommendationService/GetStateStatus',
      'palate.scoring.v1.ScoringService/ListModels',
      'palate.scoring.v1.ScoringService/GetScoringStatus',
    ],
  },
  operator: { methods: ['*'], events: ['*'] },
};

const roleName = /^[A-Za-z][\w.:-]{0,63}$/;
const roles = structure(
  z
    .preprocess(withShipped, z.record(z.string().regex(roleName), z.union([role, z.null()])))
    .transform((all) =>
      Object.fromEntries(Object.entries(all).filter((pair): pair is [string, Role] => pair[1] !== null)),
    ),
  {
    description:
      'What each role may call and publish, added to the shipped reader, app, catalogue, expert, peer, monitor and operator.',
    allowed:
      'a map from a name (letters, digits, ".", ":", "-", "_", at most 64) to a role, or to null to take a shipped one away',
    default: {},
  },
);

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

const jwt = section({
  jwksFile: text({
    description: 'A file with the keys that sign tokens, as a JSON Web Key Set; or give jwksUrl.',
    default: '',
  }),
  jwksUrl: text({
    description: 'The address of that key set, https unless it is on this machine.',
    default: '',
    pattern: /^(https:\/\/[^\s@]+|http:\/\/(localhost|127\.[\d.]+|\[::1\])(:\d+)?(\/\S*)?)?$/,
    allowed: 'an address such as https://login.example.com/.well-known/jwks.json',
  }),
  issuer: text({ description: 'Who must have issued a token: its claim iss.', default: '' }),
  audience: texts({
    description: 'For whom a token must be: one of these stands in its claim aud.',
    default: [],
    pattern: /\S/,
    allowed: 'a list of audiences',
  }),
  algorithms: choices(tokenAlgorithms, {
    description: 'What may sign a token.',
    default: ['RS256', 'PS256', 'ES256', 'EdDSA'],
  }),
  leeway: duration({
    description: 'How far the clocks of the issuer and of this machine may differ.',
    default: '30s',
    max: '10m',
  }),
  tenantClaim: text({
    description:
      'The claim with the tenants of a token, a text or a list, * for all; a path is written with dots. Empty: every token is for the default tenant only.',
    default: 'tenants',
  }),
  roleClaim: text({
    description: 'The claim with the roles, a list or a text with spaces between, such as scope; a path with dots.',
    default: 'roles',
  }),
  defaultRoles: texts({
    description: 'The roles of a token without that claim.',
    default: [],
    pattern: roleName,
    allowed: 'a list of roles',
  }),
  refreshEvery: duration({
    description: 'Keys older than this are read again, in the background.',
    default: '10m',
    min: '1s',
    max: '24d',
  }),
  refreshCooldown: duration({
    description: 'A token with an unknown key has them read again, but no sooner than this after the last time.',
    default: '30s',
    min: '100ms',
    max: '1h',
  }),
  keepKeysFor: duration({
    description: 'How long keys hold that could not be read again.',
    default: '24h',
    min: '1m',
    max: '24d',
  }),
  timeout: duration({ description: 'For one attempt to read the keys.', default: '5s', min: '100ms', max: '1m' }),
  cacheFor: duration({
    description: 'A token that was verified is not verified again for this long.',
    default: '5m',
    max: '24h',
  }),
  maxCachedTokens: integer({
    description: 'So many verified tokens are remembered; the least used go first.',
    default: 10_000,
    min: 1,
    max: 10_000_000,
  }),
});

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

function checkJwt(given: Access['jwt'], fail: (path: readonly string[], message: string) => void): void {
  const { jwksFile, jwksUrl, issuer, audience } = given;
  if (jwksFile !== '' && jwksUrl !== '') fail(['access', 'jwt', 'jwksUrl'], 'it must not stand beside jwksFile');
  if (jwksFile === '' && jwksUrl === '') {
    if (issuer !== '' || audience.length > 0) fail(['access', 'jwt'], 'it must have jwksFile or jwksUrl');
    return;
  }
  if (issuer === '') fail(['access', 'jwt', 'issuer'], 'it must be given where tokens are signed');
  if (audience.length === 0) fail(['access', 'jwt', 'audience'], 'it must be given where tokens are signed');
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

function withShipped(given: unknown): unknown {
  const isMap = typeof given === 'object' && given !== null && !Array.isArray(given);
  return isMap ? { ...shippedRoles, ...given } : given;
}
