import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type Command, defineCommand } from '../../src/commands/command.ts';
import { type Entry, registry } from '../../src/commands/registry.ts';
import { PalateError, type Reason } from '../../src/errors.ts';
import { run } from './run.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

function entryOf(command: Command): Entry {
  return { name: command.name, group: 'Send data', summary: command.summary, load: async () => command };
}

/** A command that fails as told: `fail REASON`. */
const fail = entryOf(
  defineCommand({
    name: 'fail',
    summary: 'Fail',
    usage: '[options] REASON',
    options: { times: { type: 'string', value: 'N', description: 'How often.' } },
    examples: [],
    positionals: { min: 1, max: 1 },
    async run({ positionals: [reason] }) {
      if (reason === 'bug') throw new TypeError('x is not a function', { cause: new Error('the root of it') });
      throw new PalateError(reason as Reason, 'it went wrong', { cause: new Error('the root of it') });
    },
  }),
);

const entries = [fail];

test('--help lists every command under its group, and the exit codes', async () => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    for (const { name, group, summary } of registry) {
      assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
      assert.ok(stdout.includes(`\n${group}:\n`));
      assert.ok(stdout.replaceAll(/\s+/g, ' ').includes(summary), name);
    }
    for (const line of ['  0  done', '  1  failed', '  2  wrong', '  3  the server']) assert.ok(stdout.includes(line));
  }
});

for (const entry of registry) {
  test(`palate ${entry.name} --help mentions each of its options and examples`, async () => {
    const command = await entry.load();
    assert.equal(command.name, entry.name);
    assert.equal(command.summary, entry.summary);
    assert.ok(command.examples.length > 0, 'a command needs an example');
    for (const args of [
      [entry.name, '--help'],
      ['help', entry.name],
      ['--help', entry.name],
      [entry.name, '-h'],
    ]) {
      const { code, stdout } = await run(args);
      assert.equal(code, 0);
      const flat = stdout.replaceAll(/\s+/g, ' ');
      assert.ok(flat.includes(`Usage: palate ${entry.name}`));
      for (const [name, option] of Object.entries(command.options)) {
        assert.match(stdout, new RegExp(`--${name}\\b`), name);
        assert.ok(flat.includes(option.description), `${name}'s description`);
        if (option.short !== undefined) assert.ok(stdout.includes(`-${option.short}, --${name}`));
      }
      for (const example of command.examples) assert.ok(stdout.includes(`  ${example.command}\n`));
    }
  });

  test(`palate ${entry.name} refuses an unknown option`, async () => {
    const { code, stderr } = await run([entry.name, '--no-such-option']);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`USAGE: palate ${entry.name} has no option --no-such-option`));
  });
}

test('no two options of a command share a letter', async () => {
  for (const entry of registry) {
    const { options } = await entry.load();
    const letters = Object.values(options).flatMap(({ short }) => short ?? []);
    assert.equal(new Set([...letters, 'h']).size, letters.length + 1, entry.name);
  }
});

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.deepEqual(await run(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

const misuses: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /USAGE: palate needs a command/],
  [['fial'], /palate has no command "fial" \(did you mean fail\?\)/],
  [['--verison'], /palate has no option "--verison" \(did you mean --version\?\)/],
  [['fail', 'USAGE', '--tims', '3'], /palate fail has no option --tims \(did you mean --times\?\)/],
  [['fail', 'USAGE', '--times'], /--times/],
  [['fail', '--help=yes'], /--help/],
  [['fail'], /palate fail needs an argument: palate fail \[options\] REASON/],
  [['fail', 'USAGE', 'again'], /palate fail does not take the argument "again"/],
];

for (const [args, message] of misuses) {
  test(`refused as usage, exit code 2: palate ${args.join(' ')}`, async () => {
    const { code, stderr } = await run(args, { entries });
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.match(stderr, /See --help\.\n$/);
  });
}

test('the exit code tells failures apart', async () => {
  const code = async (reason: string) => (await run(['fail', reason], { entries })).code;
  assert.equal(await code('JOURNAL_FAILED'), 1);
  assert.equal(await code('bug'), 1);
  assert.equal(await code('CONFIG_INVALID'), 2);
  assert.equal(await code('UNREACHABLE'), 3);
});

test('an error is one line of reason, message and advice', async () => {
  const { stderr } = await run(['fail', 'JOURNAL_LOCKED'], { entries });
  assert.equal(
    stderr,
    'palate: JOURNAL_LOCKED: it went wrong. Stop the other process, or give this one another --data folder.\n',
  );
});

test('a fault of Palate is told by its cause, not as "internal error"', async () => {
  const { stderr } = await run(['fail', 'bug'], { entries });
  assert.match(stderr, /^palate: INTERNAL: x is not a function\. .*--verbose.*\n$/);
});

test('--verbose and a log level of debug add the stack and the causes', async () => {
  const runs = [
    await run(['fail', 'JOURNAL_FAILED', '--verbose'], { entries }),
    await run(['fail', 'JOURNAL_FAILED'], { entries, env: { PALATE_LOG_LEVEL: 'debug' } }),
  ];
  for (const { stderr } of runs)
    assert.match(stderr, /PalateError: it went wrong\n +at .*caused by: Error: the root of it/s);
});

test('options reach the command typed and parsed, with the signal of the process', async () => {
  const seen: unknown[] = [];
  const { signal } = new AbortController();
  const probe = defineCommand({
    name: 'probe',
    summary: 'Probe',
    usage: '[options] FILE…',
    options: {
      fast: { type: 'boolean', short: 'f', description: 'Fast.' },
      add: { type: 'string', multiple: true, description: 'Add.' },
      name: { type: 'string', description: 'Name.' },
    },
    examples: [],
    positionals: { min: 0, max: Number.POSITIVE_INFINITY },
    async run({ values, positionals, signal: given }) {
      seen.push(values.fast, values.add, values.name?.length, positionals, given === signal, 'verbose' in values);
    },
  });
  const args = ['probe', '-f', '--add=1', 'a', '--add', '2', '--verbose', '--', '--b'];
  assert.equal((await run(args, { entries: [entryOf(probe)], signal })).code, 0);
  assert.deepEqual(seen, [true, ['1', '2'], undefined, ['a', '--b'], true, false]);
});

test('the process itself: exit code 2 and the message on standard error, nothing on standard output', async () => {
  const failed = promisify(execFile)(process.execPath, [main, 'confg'], { env: {} });
  await assert.rejects(failed, { code: 2, stdout: '', stderr: /did you mean config\?/ });
});

test('a reader that leaves early is no error', async () => {
  const child = spawn(process.execPath, [main, 'config', '--describe'], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const [code] = await once(child, 'close');
  assert.equal(Buffer.concat(errors).toString(), '');
  assert.equal(code, 0);
});
