import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { describeConfig, loadConfig } from '../../src/config.ts';
import { run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'palate-command-'));
after(() => rmSync(folder, { recursive: true }));

const yaml = `port: 7000
recommendation:
  placements:
    cart: null
    search: { strategies: [{ strategy: session, weight: 2 }], limit: 5 }
`;

test('it prints a file that gives the same configuration again, removals included', async () => {
  const file = join(folder, 'given.yaml');
  writeFileSync(file, yaml);
  const args = ['config', '--config', file, '--set', 'rpc.maxTimeout=5m', '--roles', 'ingest'];
  const { code, stdout } = await run(args, { env: { PALATE_HTTP_PORT: '7001' } });
  assert.equal(code, 0);
  const printed = join(folder, 'printed.yaml');
  writeFileSync(printed, stdout);
  const direct = loadConfig({
    file,
    folder,
    env: { PALATE_HTTP_PORT: '7001' },
    flags: { set: ['rpc.maxTimeout=5m'], roles: 'ingest' },
  });
  assert.deepEqual(loadConfig({ file: printed, env: {}, folder }), direct);
});

test('a comment says where each value that is not the default came from', async () => {
  const { stdout } = await run(['config', '--port', '7', '--roles', 'ingest'], { env: { PALATE_LOG_LEVEL: 'warn' } });
  assert.match(stdout, /^# Effective configuration; file read: none$/m);
  assert.match(stdout, /^port: 7 # from --port$/m);
  assert.match(stdout, /^# from --roles\nroles:\n {2}- ingest$/m);
  assert.match(stdout, /^ {2}level: warn # from PALATE_LOG_LEVEL$/m);
  assert.match(stdout, /^httpPort: 8080$/m);
});

test('--json prints the typed form', async () => {
  const { stdout } = await run(['config', '--json', '--set', 'rpc.maxTimeout=5m']);
  const printed = JSON.parse(stdout);
  assert.equal(printed.rpc.maxTimeoutMillis, 300_000);
  assert.equal(printed.journal.segmentBytes, 2 ** 27);
});

test('--describe names every key with its variable and flag', async () => {
  const { stdout } = await run(['config', '--describe']);
  for (const { key, environment, flag } of describeConfig()) {
    assert.ok(stdout.includes(`${key}\n    `), key);
    for (const way of [environment, flag]) if (way !== undefined) assert.ok(stdout.includes(way), way);
  }
  const json = JSON.parse((await run(['config', '--describe', '--json'])).stdout);
  assert.equal(json.length, describeConfig().length);
});

test('a wrong value ends it with exit code 2 and is named', async () => {
  const { code, stdout, stderr } = await run(['config', '--port', 'abc']);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^palate: CONFIG_INVALID: port is "abc" \(from --port\); it must be a whole number/);
});

test('secrets are shown nowhere, and what is shown of them is not taken for them', async () => {
  const env = {
    PALATE_STORAGE_REDIS_URL: 'rediss://me:sesame@redis.example.com/1',
    PALATE_STORAGE_S3_ACCESS_KEY_ID: 'me',
    PALATE_STORAGE_S3_SECRET_ACCESS_KEY: 'sesame',
  };
  const [shown, json] = await Promise.all([run(['config'], { env }), run(['config', '--json'], { env })]);
  for (const { stdout } of [shown, json]) assert.doesNotMatch(stdout, /sesame/);
  assert.match(shown.stdout, /secretAccessKey: "\[hidden\]" # from PALATE_STORAGE_S3_SECRET_ACCESS_KEY/);
  assert.equal(JSON.parse(json.stdout).storage.redis.url, 'rediss://me:[hidden]@redis.example.com/1');
  const printed = join(folder, 'secrets.yaml');
  writeFileSync(printed, shown.stdout);
  assert.throws(() => loadConfig({ file: printed, env: {} }), {
    reason: 'CONFIG_INVALID',
    message: /not the \[hidden\]/,
  });
  for (const url of ['redis//me:sesame@host', 'redis://me:sesame@two words']) {
    const { code, stderr } = await run(['config', '--set', `storage.redis.url=${url}`]);
    assert.equal(code, 2);
    assert.match(stderr, /storage\.redis\.url is/);
    assert.doesNotMatch(stderr, /sesame/);
  }
});

test('stores that do not go together are refused, and said why', async () => {
  for (const [set, message] of [
    ['storage.objects.kind=s3', /storage\.s3\.bucket .*needs it/],
    ['storage.records.kind=redis', /storage\.redis\.url .*needs it/],
    ['storage.s3.accessKeyId=me', /storage\.s3\.secretAccessKey .*go together/],
    ['storage.redis.hold=3s', /storage\.redis\.hold .*less than storage\.redis\.wait/],
    ['storage.redis.answer=5s', /storage\.redis\.answer .*must not exceed/],
    ['storage.s3.endpoint=s3.example.com', /storage\.s3\.endpoint .*an address such as/],
  ] as const) {
    const { code, stderr } = await run(['config', '--set', set]);
    assert.equal(code, 2, set);
    assert.match(stderr, message);
  }
});
