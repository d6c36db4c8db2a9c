#!/usr/bin/env node
import { runPalate } from './commands/run-palate.ts';
/** The `palate` command: joins the process to `runPalate`. */
import { inputOf, outputOf } from './commands/terminal.ts';

const interrupted = new AbortController();

// The first signal asks the command to end; a second one does not wait for it.
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const) {
  process.on(signal, () => {
    // As a shell tells of a process that a signal ended.
    if (interrupted.signal.aborted) process.exit(128 + number);
    interrupted.abort();
  });
}

// `palate … | head` closes the pipe early: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runPalate({
  args: process.argv.slice(2),
  stdin: inputOf(() => process.stdin),
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  signal: interrupted.signal,
});
