import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../.cache', import.meta.url));

/**
 * A virtual environment with what a file of requirements asks for, in `.cache/`, kept until the file changes. Returns the
 * folder of its programs. Throws where there is no Python 3.11 with `venv`, or no package registry.
 */
export function pythonVenv(name: string, requirements: string): string {
  const folder = join(cache, name);
  const programs = join(folder, 'bin');
  const done = join(folder, `complete-${createHash('sha256').update(readFileSync(requirements)).digest('hex')}`);
  if (existsSync(done)) return programs;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  succeed('python3', ['-m', 'venv', folder]);
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
  succeed(join(programs, 'python'), install);
  writeFileSync(done, '');
  return programs;
}

function succeed(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
