import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type RunningServer, startServer } from '../../scripts/server-process.ts';
import { type Ran, run } from './run.ts';

/** `palate` against a server in another process, as a person types it. */
describe('the commands that call a server', () => {
  let folder: string;
  let server: RunningServer;
  const palate = (command: string, ...args: string[]): Promise<Ran> =>
    run([command, '--address', server.grpc, ...args]);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palate-commands-'));
    server = await startServer({ dataFolder: join(folder, 'data'), args: ['--roles', 'ingest,recommendation'] });
    const rows = ['s1\ta\t1', 's1\tb\t2', 's2\ta\t3', 's2\tb\t4', 's3\ta\t5'];
    await writeFile(join(folder, 'clicks.tsv.gz'), gzipSync(`SessionId\tItemId\tTime\n${rows.join('\n')}\n`));
  });

  after(async () => {
    assert.equal(await server.stop(), 0);
    await rm(folder, { recursive: true });
  });

  test('load takes a file, and finds it all known the second time', async () => {
    const first = await palate('load', join(folder, 'clicks.tsv.gz'), '--json');
    assert.equal(first.code, 0, first.stderr);
    assert.partialDeepStrictEqual(JSON.parse(first.stdout), {
      accepted: 5,
      duplicates: 0,
      rejected: 0,
      lastSequence: '5',
    });
    const second = await palate('load', join(folder, 'clicks.tsv.gz'));
    assert.match(second.stdout, /^0 accepted, 5 duplicates, 0 rejected/);
  });

  test('recommend tells what and why', async () => {
    const { code, stdout, stderr } = await palate('recommend', '--session', 's3', '--explain', '--limit', '1');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /1 {2}b .*session .*earlier visits/);
  });

  test('recommend as JSON is the answer of the contract', async () => {
    const { stdout } = await palate('recommend', '--recent', 'a', '--json');
    const answer = JSON.parse(stdout);
    assert.equal(answer.items[0].itemId, 'b');
    assert.equal(typeof answer.sequence, 'string');
    assert.deepEqual(answer.items[0].reasons, []);
  });

  test('similar and trending', async () => {
    assert.match((await palate('similar', 'a')).stdout, /1 {2}b/);
    assert.match((await palate('trending', '--limit', '1')).stdout, /1 {2}a/);
  });

  test('publish makes an id where there is none, and names what was rejected', async () => {
    const good = await palate('publish', '{"sessionId":"s9","itemViewed":{"itemId":"c"}}');
    assert.match(good.stdout, /^1 accepted, up to sequence \d+, 0 duplicates, 0 rejected/);
    const bad = await palate('publish', '{"itemViewed":{}}');
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /event 1: EVENT_INVALID item_viewed\.item_id/);
  });

  test('status shows health, journal and state', async () => {
    const { code, stdout, stderr } = await palate('status', '--digest');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /palate\.ingest\.v1\.IngestService +serving/);
    assert.match(stdout, /state digest +[0-9a-f]{64}/);
    assert.equal(JSON.parse((await palate('status', '--json')).stdout).health.all, 'serving');
  });

  test('another tenant sees nothing of it', async () => {
    const { stdout } = await palate('trending', '--tenant', 'other');
    assert.equal(stdout, 'no items\n');
  });

  test('an unknown placement names those there are', async () => {
    const { code, stderr } = await palate('recommend', '--placement', 'nowhere');
    assert.equal(code, 1);
    assert.match(stderr, /UNKNOWN_PLACEMENT.*home/s);
  });

  test('a filter that does not compile says where', async () => {
    const { code, stderr } = await palate('recommend', '--recent', 'a', '--filter', 'item.price <');
    assert.equal(code, 1);
    assert.match(stderr, /INVALID_FILTER/);
  });
});

test('status of a process that only passes calls on shows what is away, with code 1', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palate-commands-'));
  const edge = await startServer({ dataFolder: folder, args: ['--roles', 'edge', '--peers', '127.0.0.1:1'] });
  try {
    const { code, stdout, stderr } = await run(['status', '--address', edge.grpc]);
    assert.equal(code, 1, stderr);
    assert.match(stdout, /IngestService +not_serving/);
    assert.match(stderr, /Not serving: .*palate\.ingest\.v1\.IngestService/);
  } finally {
    await edge.stop();
    await rm(folder, { recursive: true });
  }
});

test('where there is no server, the code is 3 and the message names the address', async () => {
  const { code, stderr } = await run(['status', '--address', '127.0.0.1:1', '--timeout', '2s']);
  assert.equal(code, 3);
  assert.match(stderr, /127\.0\.0\.1:1/);
});

describe('what is wrong on the line is said without a server', () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [['load'], /FILE/],
    [['load', 'none.csv'], /none\.csv/],
    [['load', 'x.csv', '--format', 'xml'], /--format takes csv, tsv/],
    [['load', 'x.csv', '--batch', 'many'], /--batch takes a whole number/],
    [['recommend', '--limit', '0'], /--limit takes a whole number from 1 to 1000/],
    [['publish', 'no json'], /event 1: /],
    [['schema', 'item_seen'], /palate schema --list/],
  ];
  for (const [args, message] of cases) {
    test(args.join(' '), async () => {
      const { code, stderr } = await run(args);
      assert.notEqual(code, 0);
      assert.match(stderr, message);
    });
  }
});
