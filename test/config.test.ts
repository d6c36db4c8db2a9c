import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ConfigSources, describeConfig, inspectConfig, loadConfig } from '../src/config.ts';
import { isPalateError, type PalateError } from '../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'palate-config-'));
after(() => rmSync(folder, { recursive: true }));

let written = 0;
function fileOf(yaml: string): string {
  const file = join(folder, `${written++}.yaml`);
  writeFileSync(file, yaml);
  return file;
}

/** The sources of a process with nothing around it. */
const nothing: ConfigSources = { env: {}, folder };

function refusal(sources: ConfigSources): PalateError {
  try {
    loadConfig({ ...nothing, ...sources });
  } catch (error) {
    assert.ok(isPalateError(error));
    assert.equal(error.reason, 'CONFIG_INVALID');
    return error;
  }
  return assert.fail('the configuration was taken');
}

test('without any source every key has its default', () => {
  const config = loadConfig(nothing);
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 50_051);
  assert.equal(config.httpPort, 8_080);
  assert.deepEqual(config.roles, ['ingest', 'recommendation', 'scoring']);
  assert.equal(config.rpc.maxReceiveBytes, 20 * 1024 * 1024);
  assert.equal(config.rpc.defaultTimeoutMillis, 30_000);
  assert.equal(config.rpc.maxConnectionAgeMillis, undefined);
  assert.equal(config.journal.durability, 'disk');
  assert.equal(config.ingest.maxFutureMillis, 600_000);
  assert.equal(config.recommendation.sessions.gapMillis, 1_800_000);
  assert.deepEqual(Object.keys(config.recommendation.placements), ['home', 'item', 'cart', 'trending']);
});

test('flags stand over the environment, the environment over the file, the file over the default', () => {
  const file = fileOf('port: 1\nhttpPort: 1\nhost: file\nrpc: { maxTimeout: 1m }');
  const env = { PALATE_PORT: '2', PALATE_HTTP_PORT: '2' };
  const { config, settings } = inspectConfig({ file, env, flags: { port: '3' } });
  assert.equal(config.port, 3);
  assert.equal(config.httpPort, 2);
  assert.equal(config.host, 'file');
  assert.equal(config.rpc.maxTimeoutMillis, 60_000);
  assert.equal(config.rpc.defaultTimeoutMillis, 30_000);
  const origin = (key: string) => settings.find((setting) => setting.key === key)?.origin;
  assert.equal(origin('port'), '--port');
  assert.equal(origin('httpPort'), 'PALATE_HTTP_PORT');
  assert.equal(origin('host'), `${file}:3`);
  assert.equal(origin('rpc.maxTimeout'), `${file}:4`);
  assert.equal(origin('rpc.defaultTimeout'), 'default');
});

test('palate.yaml of the folder is read where no file is named, PALATE_CONFIG names one, and --config beats it', () => {
  const home = mkdtempSync(join(folder, 'home-'));
  writeFileSync(join(home, 'palate.yaml'), 'port: 7');
  assert.equal(loadConfig({ env: {}, folder: home }).port, 7);
  assert.equal(inspectConfig({ env: {}, folder: home }).file, 'palate.yaml');
  const env = { PALATE_CONFIG: fileOf('port: 8') };
  assert.equal(loadConfig({ env, folder: home }).port, 8);
  assert.equal(loadConfig({ env, folder: home, file: fileOf('port: 9') }).port, 9);
});

test('environment variables are decoded by the kind of their key', () => {
  const { config } = inspectConfig({
    ...nothing,
    env: {
      PALATE_ROLES: 'ingest, recommendation',
      PALATE_RPC_CORS_ORIGINS: 'https://a.example,https://b.example',
      PALATE_RPC_MAX_CONNECTION_AGE: '30m',
      PALATE_JOURNAL_SEGMENT_BYTES: '1MiB',
      PALATE_RECOMMENDATION_SESSIONS_IDF_WEIGHTING: '0.5',
      PALATE_RECOMMENDATION_PLACEMENTS: '{"mine": {"strategies": [{"strategy": "popular"}]}}',
    },
  });
  assert.deepEqual(config.roles, ['ingest', 'recommendation']);
  assert.deepEqual(config.rpc.corsOrigins, ['https://a.example', 'https://b.example']);
  assert.equal(config.rpc.maxConnectionAgeMillis, 1_800_000);
  assert.equal(config.journal.segmentBytes, 2 ** 20);
  assert.equal(config.recommendation.sessions.idfWeighting, 0.5);
  assert.equal(config.recommendation.placements['mine']?.strategies[0]?.weight, 1);
});

test('an empty variable is absent, and what Kubernetes says of a service named palate is not for us', () => {
  const env = {
    PALATE_HOST: '',
    PALATE_PORT: 'tcp://10.0.0.7:50051',
    PALATE_SERVICE_HOST: '10.0.0.7',
    PALATE_SERVICE_PORT_GRPC: '50051',
    PALATE_PORT_50051_TCP_ADDR: '10.0.0.7',
    HOME: '/somewhere',
  };
  assert.deepEqual(loadConfig({ ...nothing, env }), loadConfig(nothing));
});

test('--set reaches every key, and the last one wins', () => {
  const config = loadConfig({ ...nothing, flags: { set: ['log.level=warn', 'log.level=debug', 'rpc.maxTimeout=1h'] } });
  assert.equal(config.log.level, 'debug');
  assert.equal(config.rpc.maxTimeoutMillis, 3_600_000);
});

test('the configuration is frozen all the way down', () => {
  const config = loadConfig(nothing);
  assert.throws(() => Object.assign(config.rpc, { maxReceiveBytes: 1 }), TypeError);
  assert.throws(
    () => Object.assign(config.recommendation.placements['home']?.strategies[0] ?? {}, { weight: 9 }),
    TypeError,
  );
  assert.throws(() => (config.roles as string[]).push('more'), TypeError);
});

test('an empty file and empty groups say nothing', () => {
  for (const yaml of ['', '# only a comment\n', 'rpc:\njournal:\n', 'recommendation:\n  sessions:\n']) {
    assert.deepEqual(loadConfig({ ...nothing, file: fileOf(yaml) }), loadConfig(nothing), yaml);
  }
});

/** What is in the file, and what the message must say. */
const badFiles: readonly (readonly [string, RegExp])[] = [
  ['port: abc', /^port is "abc" \(from .*\.yaml:1\); it must be a whole number, 0 to 65535\.$/],
  ['port: 65536', /^port is 65536 .*0 to 65535/],
  ['host: ""', /^host is "" .*an address or a host name/],
  ['\nhttpPort: 50051', /^httpPort is 50051 \(from .*:2\); it must differ from port/],
  ['dataFolder: 7', /^dataFolder is 7 .*a folder/],
  ['roles: [ingest, cook]', /^roles\[1\] is "cook" .*ingest, recommendation, scoring or edge/],
  ['roles: []', /^roles is \[\] .*at least one/],
  ['rpc: 5', /^rpc is 5 .*a map of keys/],
  ['rpc:\n  maxTimeout: 5x', /^rpc\.maxTimeout is "5x" \(from .*:2\); it must be a duration such as 30s/],
  ['rpc: { maxTimeout: 100d }', /^rpc\.maxTimeout is "100d" .*at most 24d/],
  ['rpc: { maxTimeout: 1s }', /^rpc\.defaultTimeout does not fit.*must not exceed rpc\.maxTimeout/],
  ['rpc: { maxReceiveBytes: 1 }', /^rpc\.maxReceiveBytes is 1 .*at least 64KiB, at most 1GiB/],
  ['rpc: { maxConnectionAge: forever }', /^rpc\.maxConnectionAge is "forever" .*or unlimited/],
  ['rpc: { corsOrigins: [example.com] }', /^rpc\.corsOrigins\[0\] is "example\.com" .*https:\/\/app\.example\.com/],
  ['rpc: { maxConcurrentStreams: null }', /^rpc\.maxConcurrentStreams is null /],
  ['journal: { durability: tape }', /^journal\.durability is "tape" .*disk or os/],
  ['journal: { follow: localhost }', /^journal\.follow is "localhost" .*host:port/],
  [
    'journal: { follow: "localhost:50051" }',
    /^roles does not fit.*\(journal\.follow\) has no journal to write: leave ingest out/,
  ],
  ['journal: { segmentBytes: 5 apples }', /^journal\.segmentBytes is "5 apples" .*a size such as/],
  [
    'ingest: { maxEventBytes: 2MiB }\nrpc: { maxReceiveBytes: 1MiB }',
    /^ingest\.maxEventBytes is "2MiB" .*less than rpc\.maxReceiveBytes/,
  ],
  [
    'ingest: { maxEventBytes: 4MiB }',
    /^ingest\.maxEventBytes is "4MiB" .*at least 64KiB less than rpc\.maxSendBytes: .*end every Subscribe/,
  ],
  [
    'ingest: { maxEventBytes: 2MiB }\njournal: { maxPendingBytes: 2MiB }',
    /^ingest\.maxEventBytes is "2MiB" .*at least 64KiB less than journal\.maxPendingBytes: .*never be written/,
  ],
  ['rpc: { maxSendBytes: 64KiB }', /^rpc\.maxSendBytes is "64KiB" .*at least 1MiB/],
  [
    'scoring: { images: { maxBytes: 32MiB, maxUnderWayBytes: 16MiB } }',
    /^scoring\.images\.maxBytes is "32MiB" .*must not exceed scoring\.images\.maxUnderWayBytes/,
  ],
  [
    'rpc: { maxReceiveBytes: 100MiB }\npeers: { addresses: ["a:1"] }',
    /^rpc\.maxReceiveBytes is "100MiB" .*must not exceed 64MiB beside peers\.addresses/,
  ],
  [
    'roles: [recommendation]\njournal: { follow: "127.0.0.1:50051" }',
    /^journal\.follow is "127\.0\.0\.1:50051" .*not be the address of this process/,
  ],
  ['roles: [scoring]', /^roles is .*scoring has to publish its scores: run ingest/],
  ['ingest: { maxBatchEvents: 1.5 }', /^ingest\.maxBatchEvents is 1\.5 .*a whole number/],
  ['client: { address: localhost }', /^client\.address is "localhost" .*host:port/],
  ['log: { level: loud }', /^log\.level is "loud" .*debug, info, warn, error or silent/],
  ['prot: 5', /^prot \(from .*:1\) is not a key of Palate \(did you mean port\?\)/],
  ['rpc: { maxTimeuot: 5s }', /^rpc\.maxTimeuot .*\(did you mean maxTimeout\?\)/],
  ['maxTimeout: 5s', /^maxTimeout .*\(did you mean rpc\.maxTimeout\?\)/],
  ['journal: { banana: 5 }', /^journal\.banana .*known here: durability, segmentBytes, maxPendingBytes/],
  ['__proto__: { port: 5 }', /^__proto__ .*is not a key/],
  ['recommendation: { sessions: { neighbours: 0 } }', /^recommendation\.sessions\.neighbours is 0 /],
  ['recommendation: { placements: [] }', /^recommendation\.placements is \[\] .*a map from a name/],
  ['recommendation: { placements: { Home: { strategies: [{ strategy: session }] } } }', /Home has the name "Home"/],
  ['recommendation: { placements: { a: 5 } }', /^recommendation\.placements\.a is 5 .*a map of keys/],
  ['recommendation: { placements: { a: { strategies: [] } } }', /placements\.a\.strategies is \[\] .*1 to 16/],
  ['recommendation: { placements: { a: {} } }', /placements\.a\.strategies is missing .*1 to 16/],
  [
    'recommendation: { placements: { a: { strategies: [{ strategy: sesion }] } } }',
    /placements\.a\.strategies\[0\]\.strategy is "sesion" .*session, session-stan, similar/,
  ],
  [
    'recommendation: { placements: { a: { limt: 5, strategies: [{ strategy: session }] } } }',
    /placements\.a\.limt .*did you mean limit\?/,
  ],
];

for (const [yaml, message] of badFiles) {
  test(`refused with its key, place, value and what is allowed: ${yaml.trim()}`, () => {
    const error = refusal({ file: fileOf(yaml) });
    assert.match(error.message, message);
    assert.equal(error.violations.length, 1);
  });
}

test('every mistake is told at once', () => {
  const error = refusal({ file: fileOf('port: a\nrpc: { maxTimeout: b }\nnope: 1'), env: { PALATE_LOG_LEVEL: 'c' } });
  assert.deepEqual(error.violations.map(({ field }) => field).sort(), ['log.level', 'nope', 'port', 'rpc.maxTimeout']);
  assert.match(error.message, /log\.level is "c" \(from PALATE_LOG_LEVEL\)/);
});

test('a bad variable or flag is named', () => {
  assert.match(refusal({ env: { PALATE_PORT: '50051x' } }).message, /^port is "50051x" \(from PALATE_PORT\)/);
  assert.match(refusal({ env: { PALATE_PROT: '5' } }).message, /^PALATE_PROT .*did you mean PALATE_PORT\?/);
  assert.match(refusal({ flags: { port: '' } }).message, /^port is "" \(from --port\)/);
  assert.match(refusal({ flags: { prot: '5' } }).message, /^--prot sets no key \(did you mean --port\?\)/);
  assert.match(refusal({ flags: { set: ['log.levl=info'] } }).message, /did you mean log\.level\?/);
  assert.match(refusal({ flags: { set: ['log.level'] } }).message, /must be key=value/);
  assert.match(
    refusal({ env: { PALATE_RECOMMENDATION_PLACEMENTS: '{a: ' } }).message,
    /^recommendation\.placements is/,
  );
});

test('a value of the environment under a broken group of the file leaves the group to be named', () => {
  const error = refusal({ file: fileOf('rpc: 5'), env: { PALATE_RPC_MAX_TIMEOUT: '5m' } });
  assert.match(error.message, /^rpc is 5 \(from .*:1\)/);
});

test('a file that is missing, no YAML, no map, or an alias bomb is refused', () => {
  assert.match(refusal({ file: join(folder, 'absent.yaml') }).message, /absent\.yaml cannot be read: ENOENT/);
  assert.match(refusal({ file: fileOf('a: b: c') }).message, /\.yaml:1:\d+ is not YAML/);
  assert.match(refusal({ file: fileOf('port: 1\nport: 2') }).message, /is not YAML: Map keys must be unique/);
  assert.match(refusal({ file: fileOf('- port') }).message, /must be a map of keys/);
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x, x]',
    ...[...'bcde'].map((name, index) => {
      const before = 'abcd'[index];
      return `${name}: &${name} [${Array(10).fill(`*${before}`).join(', ')}]`;
    }),
  ];
  assert.match(refusal({ file: fileOf(bomb.join('\n')) }).message, /not usable YAML/);
});

test('a placement of the file takes the place of a shipped one, null takes it away, others are added', () => {
  const yaml = `recommendation:
  placements:
    home: { strategies: [{ strategy: popular, weight: 2 }], limit: 5 }
    cart: null
    search: { strategies: [{ strategy: session }], boosts: [{ when: 'true', factor: 2 }] }`;
  const { placements } = loadConfig({ ...nothing, file: fileOf(yaml) }).recommendation;
  assert.deepEqual(Object.keys(placements).sort(), ['home', 'item', 'search', 'trending']);
  assert.deepEqual(placements['home'], {
    description: '',
    strategies: [{ strategy: 'popular', weight: 2, category: '' }],
    limit: 5,
    filter: '',
    boosts: [],
    excludeCurrent: true,
    excludeSeen: false,
  });
});

test('every key is described: what it is for, its default, and how to set it; names are unique', () => {
  const described = describeConfig();
  for (const { key, description, allowed, type, environment } of described) {
    assert.match(description, /^\S.{8,}[.)]$/s, `${key} needs a description`);
    assert.ok(allowed.length > 0 && type.length > 0, key);
    assert.equal(environment === undefined, /[<[]/.test(key), key);
  }
  for (const names of [described.map(({ key }) => key), described.flatMap(({ environment }) => environment ?? [])]) {
    assert.equal(new Set(names).size, names.length);
  }
});

test('every described default, set by its variable, gives the configuration of no source at all', () => {
  const asText = (value: unknown) =>
    Array.isArray(value) ? value.join(',') : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const env = Object.fromEntries(
    describeConfig().flatMap(({ environment, default: value }) =>
      environment === undefined ? [] : [[environment, asText(value)]],
    ),
  );
  assert.ok(Object.keys(env).length > 30);
  assert.deepEqual(loadConfig({ ...nothing, env }), loadConfig(nothing));
});

test('every flag that is described sets its key', () => {
  const flags = describeConfig().flatMap(({ flag }) => flag?.replace(/^--/, '') ?? []);
  assert.deepEqual(flags.sort(), [
    'address',
    'allow-anonymous',
    'ca-file',
    'cert-file',
    'data',
    'follow',
    'host',
    'http-port',
    'key-file',
    'log-format',
    'log-level',
    'peers',
    'port',
    'roles',
    'server-name',
    'tenant',
    'timeout',
    'tls',
    'tls-cert',
    'tls-key',
    'token',
    'token-file',
  ]);
});
