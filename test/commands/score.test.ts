import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type RunningServer, startServer } from '../../scripts/server-process.ts';
import { runPalate } from '../../src/commands/run-palate.ts';
import { greyPhoto, newPhoto, truncatedPhoto } from '../scoring/photos.ts';
import { eventually } from '../servers/palate-process.ts';
import { type Ran, recorder, run } from './run.ts';

let folder: string;
let server: RunningServer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-score-'));
  const args = ['--set', 'scoring.models.instances=1', '--set', 'scoring.images.maxBytes=1MiB'];
  server = await startServer({ dataFolder: join(folder, 'data'), args });
});

after(async () => {
  assert.equal(await server.stop(), 0);
  await rm(folder, { recursive: true });
});

const palate = (command: string, ...args: string[]): Promise<Ran> => run([command, '--address', server.grpc, ...args]);

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

/** The cells of a table's line; columns are two blanks apart. */
const cells = (line: string | undefined) => (line ?? '').split(/ {2,}/);

describe('palate score', () => {
  test('shows score, labels, times and tip in a table', async () => {
    const { code, stdout, stderr } = await palate('score', await file('lunch.jpg', newPhoto()), '--user', 'ada');
    assert.equal(code, 0, stderr);
    const [titles, line] = stdout.split('\n');
    assert.deepEqual(cells(titles), ['photo', 'score', '±', 'what is on it', 'decode', 'model', 'all ms', 'tip']);
    const [name, score, uncertainty, labels, decode, model, all, tip] = cells(line);
    assert.deepEqual([name, labels?.startsWith('Banana ')], ['lunch.jpg', true]);
    for (const figure of [score, uncertainty, decode, model, all]) assert.match(figure ?? '', /^\d+\.\d+$/);
    assert.match(tip ?? '', /\w+ \w+.*[.!?]$/);
  });

  test('takes a folder, in the order of its names, and knows a photo again', async () => {
    const known = newPhoto();
    await file('album/b.jpg', known);
    await file('album/a.JPEG', newPhoto());
    await file('album/notes.txt', Buffer.from('no photo'));
    await file('album/.hidden.jpg', newPhoto());
    await palate('score', join(folder, 'album/b.jpg'));
    const { code, stdout, stderr } = await palate('score', join(folder, 'album'));
    assert.equal(code, 0, stderr);
    const lines = stdout.trimEnd().split('\n').slice(1).map(cells);
    assert.deepEqual(
      lines.map(([name, , , , decode]) => [name, decode === 'known']),
      [
        ['a.JPEG', false],
        ['b.jpg', true],
      ],
    );
  });

  test('says the whole reason of a photo that has no score, which is no failure', async () => {
    const photos = [await file('wall.png', await greyPhoto()), await file('half.jpg', truncatedPhoto())];
    const { code, stdout, stderr } = await palate('score', ...photos);
    assert.equal(code, 0, stderr);
    const [, wall, half] = stdout.split('\n');
    assert.match(wall!, /^wall\.png +- +NOT_FOOD +\d+\.\d {2}No food .*\.$/);
    assert.match(half!, /^half\.jpg +- +UNREADABLE +\d+\.\d {2}\w+ \w+.*[^…]$/);
    assert.doesNotMatch(stdout, /…/);
  });

  test('as JSON is the answer of the contract, a photo after the other', async () => {
    const { stdout } = await palate('score', await file('one.jpg', newPhoto()), '--json', '--item', 'banana');
    const answer = JSON.parse(stdout);
    assert.deepEqual([answer.requestId, answer.labels[0].name, answer.deduplicated], ['one.jpg', 'Banana', false]);
  });

  test('takes a photo of any name', async () => {
    const name = `${'寿司'.repeat(30)}🍣.jpg`;
    const { code, stderr } = await palate('score', await file(name, newPhoto()));
    assert.equal(code, 0, stderr);
  });

  test('a file that is not there ends it with code 1', async () => {
    const { code, stderr } = await palate('score', join(folder, 'none.jpg'));
    assert.equal(code, 1);
    assert.match(stderr, /INPUT_UNREADABLE: .*none\.jpg/);
  });

  test('photos that were not answered are told with their reason, after all others were scored', async () => {
    const photo = await file('fine.jpg', newPhoto());
    const forbidden = 'https://127.0.0.1/photo.jpg';
    const { code, stdout, stderr } = await palate('score', forbidden, photo);
    assert.equal(code, 1);
    const [, first, second] = stdout.split('\n');
    assert.match(first!, /^https:\/\/127\.0\.0\.1\/photo\.jpg +- +URI_FORBIDDEN +127\.0\.0\.1 has no address .*[^…]$/);
    assert.match(second!, /^fine\.jpg +5\.0/);
    assert.match(stderr, /palate: URI_FORBIDDEN: 1 of 2 photos were not answered\. Give a public https address/);

    const unknown = await palate('score', photo, '--model', 'none', '--json');
    assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
    assert.match(unknown.stderr, /^fine\.jpg: MODEL_UNKNOWN: none is not loaded; loaded: food 1\n/);
    assert.match(
      unknown.stderr,
      /palate: MODEL_UNKNOWN: The photo was not answered\. Use a model that ListModels names/,
    );
  });

  test('different failures are counted, and the advice is for the most frequent', async () => {
    const large = await file('large.jpg', new Uint8Array(21 * 1024 * 1024));
    const { stderr } = await palate('score', large, 'https://127.0.0.1/', 'https://10.0.0.1/');
    assert.match(stderr, /URI_FORBIDDEN: 3 of 3 photos were not answered \(1 MESSAGE_TOO_LARGE, 2 URI_FORBIDDEN\)\./);
  });

  test('no server is code 3', async () => {
    const { code, stderr } = await run(['score', await file('x.jpg', newPhoto()), '--address', '127.0.0.1:1']);
    assert.equal(code, 3);
    assert.match(stderr, /UNREACHABLE.*127\.0\.0\.1:1/);
  });

  for (const args of [[], ['photo.jpg', '--watch', 'folder']]) {
    test(`palate score ${args.join(' ')} is wrong usage`, async () => {
      assert.equal((await run(['score', ...args])).code, 2);
    });
  }
});

describe('palate score --watch', () => {
  test('scores what is there, what comes, and what comes in pieces once it is whole', async () => {
    const inbox = join(folder, 'inbox');
    await file('inbox/there.jpg', newPhoto());
    const { stop, stdout, ended } = watch(inbox);
    await eventually('the one that was there is scored', () => /^there\.jpg: 5\.0, Banana/m.test(stdout()));
    const photo = newPhoto();
    const pieces = join(inbox, 'pieces.jpg');
    for (let at = 0; at < photo.length; at += 2_000) {
      await appendFile(pieces, photo.subarray(at, at + 2_000));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await writeFile(join(inbox, 'notes.txt'), 'no photo');
    await writeFile(join(folder, 'elsewhere.jpg'), newPhoto());
    await rename(join(folder, 'elsewhere.jpg'), join(inbox, 'moved.jpg'));
    await writeFile(join(inbox, 'broken.jpg'), 'no photo');
    await eventually('all are answered', () => stdout().trimEnd().split('\n').length === 4);
    stop();
    assert.equal(await ended, 0);
    const lines = stdout().trimEnd().split('\n').toSorted();
    assert.match(lines[0]!, /^broken\.jpg: UNREADABLE: /);
    assert.match(lines[1]!, /^moved\.jpg: 5\.0, /);
    assert.match(lines[2]!, /^pieces\.jpg: 5\.0, /);
  });

  test('ends with code 1 where a photo was not answered, and says so of each', async () => {
    const inbox = join(folder, 'inbox of none');
    await file('inbox of none/a.jpg', newPhoto());
    const { stop, stderr, ended } = watch(inbox, '--model', 'none');
    await eventually('it is told', () => /^a\.jpg: MODEL_UNKNOWN: /m.test(stderr()));
    stop();
    assert.equal(await ended, 1);
    assert.match(stderr(), /palate: MODEL_UNKNOWN: The photo was not answered/);
  });

  test('a folder that is not there ends it', async () => {
    const { code, stderr } = await palate('score', '--watch', join(folder, 'nowhere'));
    assert.equal(code, 1);
    assert.match(stderr, /INPUT_UNREADABLE: the folder .*nowhere cannot be read/);
  });

  function watch(inbox: string, ...args: readonly string[]) {
    const end = new AbortController();
    const [stdout, stderr] = [recorder(), recorder()];
    const ended = runPalate({
      args: ['score', '--address', server.grpc, '--watch', inbox, ...args],
      env: {},
      folder: tmpdir(),
      stdin: { isTTY: false, async *[Symbol.asyncIterator]() {} },
      stdout,
      stderr,
      signal: end.signal,
    });
    return { stop: () => end.abort(), stdout: stdout.text, stderr: stderr.text, ended };
  }
});
