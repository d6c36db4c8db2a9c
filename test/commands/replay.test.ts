import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type RunningServer, startServer } from '../../scripts/server-process.ts';
import { run } from './run.ts';

/** `palate replay` beside the server that writes the journal. */
describe('replay', () => {
  let folder: string;
  let data: string;
  let server: RunningServer;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palate-replay-'));
    data = join(folder, 'data');
    server = await startServer({ dataFolder: data, args: ['--roles', 'ingest,recommendation'] });
  });

  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function load(rows: readonly string[], ...args: string[]): Promise<void> {
    const path = join(folder, `${rows.join('-').replaceAll('\t', '.')}.tsv`);
    await writeFile(path, `SessionId\tItemId\tTime\n${rows.join('\n')}\n`);
    const { code, stderr } = await run(['load', path, '--address', server.grpc, ...args]);
    assert.equal(code, 0, stderr);
  }

  async function live(...args: string[]): Promise<{ sequence: string; digest: string }> {
    const { stdout } = await run(['status', '--digest', '--json', '--address', server.grpc, ...args]);
    return JSON.parse(stdout).state;
  }

  async function replayed(...args: string[]) {
    const { code, stdout, stderr } = await run(['replay', '--data', data, '--json', ...args]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  }

  test('of a journal without events gives the digest of nothing', async () => {
    const { sequence, digest } = await live();
    const { records, digests, ...more } = await replayed();
    assert.deepEqual({ sequence: more.sequence, records, digest: digests[''] }, { sequence, records: 0, digest });
  });

  test('its digest is the one of the running server, at the end and at every earlier moment', async () => {
    await load(['s1\ta\t1', 's1\tb\t2', 's2\ta\t3', 's2\tc\t4']);
    const first = await live();
    const firstReplay = await replayed();
    assert.deepEqual([firstReplay.sequence, firstReplay.digests['']], [first.sequence, first.digest]);
    assert.equal(firstReplay.records, 4);

    await load(['s3\ta\t5', 's3\td\t6']);
    await load(['s9\tx\t5'], '--tenant', 'shop2');
    const second = await live();
    const shop = await live('--tenant', 'shop2');
    assert.notEqual(second.digest, first.digest);
    const whole = await replayed('--tenant', '', '--tenant', 'shop2');
    assert.deepEqual(whole.digests, { '': second.digest, shop2: shop.digest });
    assert.equal(whole.sequence, '7');

    for (const until of [first.sequence, firstReplay.appendedAt]) {
      const { sequence, digests } = await replayed('--until', until);
      assert.deepEqual([sequence, digests['']], [first.sequence, first.digest], until);
    }
    const midway = await replayed('--until', '2');
    assert.deepEqual([midway.sequence, midway.records], ['2', 2]);
    assert.equal((await replayed('--until', '1970-01-01T00:00:00Z')).sequence, '0');
    assert.deepEqual((await replayed('--until', '2999-01-01T00:00:00Z')).digests[''], second.digest);
  });

  test('compares two moments: what both hold, and which events lie between them', async () => {
    const { first, second, between } = await replayed('--until', '4', '--compare', '6');
    assert.deepEqual([first.sequence, second.sequence, second.records], ['4', '6', 2]);
    assert.notEqual(first.digests[''], second.digests['']);
    assert.deepEqual([first.sizes[''].items, second.sizes[''].items], [3, 4]);
    assert.deepEqual(between, { '': { itemViewed: 2 } });
    const { stdout } = await run(['replay', '--data', data, '--until', '6', '--compare', '4']);
    assert.match(stdout, /sequence +6 +4 +-2\n.*items +4 +3 +-1\n.*digest .* another\n.*itemViewed +2/s);
  });

  test('a snapshot is written beside the server, and the fold may begin with it', async () => {
    const written = await run(['snapshot', '--data', data, '--json']);
    assert.equal(written.code, 0, written.stderr);
    const { snapshot, sequence, digests } = JSON.parse(written.stdout);
    const { digest } = await live();
    assert.deepEqual([sequence, digests['']], ['7', digest]);
    const from = await replayed('--from-snapshot');
    assert.deepEqual([from.fromSnapshot, from.records, from.digests['']], [snapshot, 0, digest]);
    const earlier = await replayed('--from-snapshot', '--until', '3');
    assert.deepEqual([earlier.fromSnapshot, earlier.records], [undefined, 3]);
    const again = await run(['snapshot', '--data', data]);
    assert.match(again.stdout, new RegExp(`snapshot +${snapshot}\n.*begun with +${snapshot}\n`, 's'));
  });

  test('a client may ask for what was answered then', async () => {
    const ask = ['trending', '--address', server.grpc, '--json'];
    const items = async (...args: string[]) => {
      const { code, stdout, stderr } = await run([...ask, ...args]);
      assert.equal(code, 0, stderr);
      const { items: list, sequence } = JSON.parse(stdout);
      return [
        sequence,
        list
          .map((item: { itemId: string }) => item.itemId)
          .sort()
          .join(),
      ];
    };
    assert.deepEqual(await items('--as-of', '2'), ['2', 'a,b']);
    assert.deepEqual(await items('--as-of', '1970-01-01T00:00:00Z'), ['0', '']);
    assert.deepEqual(await items(), ['7', 'a,b,c,d']);
    const { code, stderr } = await run([...ask, '--as-of', '8']);
    assert.notEqual(code, 0);
    assert.match(stderr, /SEQUENCE_UNAVAILABLE: as_of: the journal ends at sequence 7; asked for 8/);
  });

  test('says it to people, too', async () => {
    const { stdout, stderr } = await run(['replay', '--data', data]);
    assert.match(stdout, /sequence +7\n.*records +7\n.*speed +[\d,]+ events\/s.*\ndigest +[0-9a-f]{64}/s);
    assert.match(stderr, /^7 events in /);
  });

  test('what was acknowledged before a kill is in it', async () => {
    const { digest } = await live();
    server.process.kill('SIGKILL');
    await server.ended;
    assert.equal((await replayed()).digests[''], digest);
  });

  test('what is wrong on the line is said', async () => {
    const cases: readonly [readonly string[], RegExp][] = [
      [['--until', '8'], /SEQUENCE_UNAVAILABLE: the journal ends at sequence 7; asked for 8/],
      [['--until', 'yesterday'], /USAGE: a moment is a sequence or a time/],
      [['--tenant', 'No Tenant'], /INVALID_TENANT/],
      [['--data', join(folder, 'none')], /INPUT_UNREADABLE/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await run(['replay', '--data', data, ...args]);
      assert.notEqual(code, 0);
      assert.match(stderr, message);
    }
  });
});
