/**
 * Keeps a thread from being ended while it is inside native code. A thread that is terminated there makes ONNX Runtime's
 * binding throw where nothing can catch it (1.30.0), and the whole process aborts.
 */

/** Places in the shared memory. */
const inside = 0;
const shut = 1;

/** How long the end of the process waits for what runs in all threads. */
const exitGraceMillis = 2_000;

/** The gates that this thread looks after. */
const gates = new Set<Int32Array>();

export function createGate(): SharedArrayBuffer {
  return new SharedArrayBuffer(8);
}

/** In the thread: runs what calls native code. Undefined: the gate is shut, nothing was run. */
export async function throughGate<Result>(
  gate: SharedArrayBuffer,
  run: () => Promise<Result>,
): Promise<{ readonly result: Result } | undefined> {
  const state = new Int32Array(gate);
  Atomics.store(state, inside, 1);
  try {
    // Whoever shut the gate before this line is heard; whoever does so after it sees that somebody is inside.
    return Atomics.load(state, shut) === 1 ? undefined : { result: await run() };
  } finally {
    Atomics.store(state, inside, 0);
    Atomics.notify(state, inside);
  }
}

/** In the thread that started it: from now on nobody is inside when the process ends. */
export function watchGate(gate: SharedArrayBuffer): void {
  if (gates.size === 0) process.on('exit', shutAll);
  gates.add(new Int32Array(gate));
}

/** Resolves when nobody is inside and nobody will be: the thread may be ended. A thread that is stuck never gets there. */
export async function shutGate(gate: SharedArrayBuffer): Promise<void> {
  const state = new Int32Array(gate);
  Atomics.store(state, shut, 1);
  while (Atomics.load(state, inside) === 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 2);
    await promise;
  }
  for (const watched of gates) if (watched.buffer === gate) gates.delete(watched);
  if (gates.size === 0) process.off('exit', shutAll);
}

function shutAll(): void {
  for (const state of gates) Atomics.store(state, shut, 1);
  const until = performance.now() + exitGraceMillis;
  for (const state of gates) Atomics.wait(state, inside, 1, Math.max(0, until - performance.now()));
}
