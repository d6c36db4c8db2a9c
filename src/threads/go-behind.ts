import { getPriority, setPriority } from 'node:os';

/** So much nicer: a third of the share of the other. */
const nicer = 5;
const nicest = 19;

/**
 * To be called by a worker that helps the thread which started it: where the cores do not suffice for both, that one goes first. It
 * can't be taken back, so the worker is one that ends with its task. On Linux a nice value is a thread's own (setpriority(2)); elsewhere it
 * is the process's, and nothing is done.
 */
export function goBehind(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Math.min(nicest, getPriority() + nicer));
  } catch {
    // Where it is forbidden, the threads are equals.
  }
}
