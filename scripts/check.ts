/** `npm run check`: all that can be said of the code without running it. Every part runs; any that fails fails it. */

import { execFileSync, spawnSync } from 'node:child_process';
import { brokenRules, readImports } from './import-rules.ts';

interface Check {
  readonly name: string;
  /** Undefined when all is well; otherwise what is not. */
  readonly run: () => string | undefined;
}

const root = new URL('..', import.meta.url).pathname;

function program(command: string, ...args: string[]): () => string | undefined {
  return () => {
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
    if (error !== undefined) return error.message;
    return status === 0 ? undefined : `${stdout}${stderr}`;
  };
}

/** The contracts may grow, and never break what a released client relies on. */
function breakingChanges(): string | undefined {
  const tag = lastReleaseTag();
  if (tag === undefined) return undefined;
  return program('buf', 'breaking', '--against', `.git#tag=${tag}`)();
}

function lastReleaseTag(): string | undefined {
  const { status, stdout } = spawnSync('git', ['describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*'], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** `gen/` is committed, so it can be forgotten. */
function generatedCode(): string | undefined {
  const failed = program('buf', 'generate')();
  if (failed !== undefined) return failed;
  const changed = execFileSync('git', ['status', '--porcelain', '--', 'gen'], { cwd: root, encoding: 'utf8' });
  return changed === '' ? undefined : `gen/ was not what the contracts make; it is now, commit it:\n${changed}`;
}

function imports(): string | undefined {
  const broken = brokenRules(readImports(root));
  return broken.length === 0 ? undefined : broken.join('\n');
}

const checks: readonly Check[] = [
  { name: 'format and lint', run: program('biome', 'check', '--error-on-warnings', '.') },
  { name: 'types', run: program('tsc', '--noEmit', '-p', '.') },
  { name: 'contracts: lint', run: program('buf', 'lint') },
  { name: 'contracts: format', run: program('buf', 'format', '-d', '--exit-code', 'proto') },
  {
    name: `contracts: breaking changes since ${lastReleaseTag() ?? 'the first release, which is to come'}`,
    run: breakingChanges,
  },
  { name: 'generated code', run: generatedCode },
  { name: 'import directions and circles', run: imports },
  { name: 'dead code', run: program('knip') },
];

let failures = 0;
for (const { name, run } of checks) {
  const started = performance.now();
  const problem = run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${problem === undefined ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (problem !== undefined) {
    failures++;
    console.log(problem.replace(/^/gm, '     '));
  }
}
process.exitCode = failures === 0 ? 0 : 1;
