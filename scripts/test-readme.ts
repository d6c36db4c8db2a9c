/**
 * Runs the README as its reader would: every block of shell and TypeScript in order, each of which must end well. A block
 * marked `serves` is left running until the next such block; what follows talks to it. `--without TEXT` leaves out the block
 * that says just that, for who has run it already.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

interface Block {
  readonly language: string;
  readonly serves: boolean;
  readonly text: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));
/** A first `npm ci` on a slow machine takes most of it. */
const patienceMillis = 300_000;

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)( serves)?\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', serves, text = '']) => ({
      language,
      serves: serves !== undefined,
      text,
    }),
  );
}

async function serve(text: string): Promise<ChildProcess> {
  // A group of its own: npm starts a shell, which starts the server.
  const child = spawn('bash', ['-euo', 'pipefail', '-c', text], { cwd: root, detached: true, stdio: 'inherit' });
  const deadline = Date.now() + patienceMillis;
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode} instead of serving`);
    if (Date.now() > deadline) throw new Error('it did not come to serve');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return child;
}

async function isReady(): Promise<boolean> {
  const response = await fetch('http://127.0.0.1:8080/readyz').catch(() => undefined);
  return response?.ok === true;
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGTERM');
  await ended;
  while (await isReady()) await new Promise((resolve) => setTimeout(resolve, 200));
}

function runShell(text: string): void {
  const { status } = spawnSync('bash', ['-euo', 'pipefail', '-c', text], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`it ended with code ${status}`);
}

/** The package's name stands for its sources here; `npm run test:package` tries the name itself. */
function runTypeScript(text: string): void {
  const file = `${root}readme-example.ts`;
  writeFileSync(file, text.replace("from 'palate'", "from './src/index.ts'"));
  try {
    const { status } = spawnSync(process.execPath, [file], { cwd: root, stdio: 'inherit' });
    if (status !== 0) throw new Error(`it ended with code ${status}`);
  } finally {
    rmSync(file);
  }
}

const { values } = parseArgs({ options: { without: { type: 'string' } } });
let server: ChildProcess | undefined;
let passed = 0;
try {
  for (const folder of ['data/readme', 'data/library']) rmSync(`${root}${folder}`, { recursive: true, force: true });
  for (const { language, serves, text } of blocksOf(readFileSync(`${root}README.md`, 'utf8'))) {
    if (text.trim() === values.without) continue;
    console.log(`\n--- ${language}${serves ? ', left running' : ''}\n${text}`);
    if (language === 'sh' && serves) {
      await end(server);
      server = await serve(text);
    } else if (language === 'sh') runShell(text);
    else if (language === 'ts') runTypeScript(text);
    else continue;
    passed++;
  }
} finally {
  await end(server);
}
console.log(`\n${passed} passed, 0 failed`);
