import { randomBytes } from 'node:crypto';
import { open, readdir, rename, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PalateError } from '../errors.ts';
import { errorCode } from '../files/system-error.ts';
import { isFull } from './failure.ts';

/**
 * One writer a folder, without a native module: each process that wants the folder puts a listening unix socket into
 * it, `lock.<pid>.<random>`, then looks at the others'. The kernel closes a socket with its process, whatever killed
 * it, and connecting to it goes by the file: containers that share the folder on one machine see each other.
 *
 * Why two can't both win: a socket gets its name only once it listens, so a refused connection means a dead owner for
 * good, and removing it is safe. And each looks after it showed itself, so of any two the later one sees the earlier;
 * who sees another alive gives way. Two at the same moment may both give way, and try again after a random pause.
 */

const prefix = 'lock.';
const attempts = 6;
const pauseMillis = 40;
/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, a closing zero included. */
const maxSocketPathBytes = 103;

/**
 * Takes the folder, and returns what lets it go.
 * @throws PalateError JOURNAL_LOCKED, naming the process that holds it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  if (process.platform === 'win32') throw unlockable(folder, 'Windows');
  const handle = await open(folder, 'r');
  try {
    // The socket's path must be short, the folder's need not be: Linux reaches an open folder by its number.
    const short = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : folder;
    for (let attempt = 1; ; attempt++) {
      const outcome = await claim(folder, short);
      if (typeof outcome === 'function') return outcome;
      if (attempt === attempts) throw locked(folder, outcome.holder);
      await delay(Math.random() * pauseMillis * attempt);
    }
  } finally {
    await handle.close();
  }
}

/** One try: show oneself, look around, and stay or give way. */
async function claim(folder: string, short: string): Promise<(() => Promise<void>) | { holder: string }> {
  const seen = await aliveIn(folder, short, '');
  if (seen !== undefined) return { holder: seen };
  const name = `${prefix}${process.pid}.${randomBytes(6).toString('hex')}`;
  const server = await listen(join(short, `${name}.new`));
  const path = join(folder, name);
  const release = async () => {
    await unlink(path).catch(() => undefined);
    await new Promise((resolve) => server.close(resolve));
  };
  try {
    await rename(`${path}.new`, path);
    const holder = await aliveIn(folder, short, name);
    if (holder === undefined) return release;
    await release();
    return { holder };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The pid of another process that is alive in the folder; sockets of dead ones are removed on the way. */
async function aliveIn(folder: string, short: string, own: string): Promise<string | undefined> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || name.endsWith('.new') || name === own) continue;
    if (await answers(join(short, name))) return name.split('.')[1] ?? '?';
    await unlink(join(folder, name)).catch(() => undefined);
  }
  return undefined;
}

/** The kernel takes the connection, however busy the owner is. Only "refused" and "gone" prove that nobody is there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(errorCode(error))));
  });
}

function listen(path: string): Promise<Server> {
  if (Buffer.byteLength(path) > maxSocketPathBytes) {
    throw new PalateError('DATA_UNWRITABLE', `the folder's path is too long for a lock: ${path}; choose a shorter one`);
  }
  const server = createServer((socket) => socket.destroy());
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(isFull(error) ? error : unlockable(path, errorCode(error), error)));
    server.listen(path, () => resolve(server));
  });
}

function unlockable(path: string, why: string, cause?: unknown): PalateError {
  return new PalateError('DATA_UNWRITABLE', `the journal's lock, a unix socket, can't be made at ${path} (${why})`, {
    cause,
  });
}

function locked(folder: string, holder: string): PalateError {
  return new PalateError(
    'JOURNAL_LOCKED',
    `process ${holder} writes the journal in ${folder}: stop it, or choose another folder`,
    { metadata: { pid: holder } },
  );
}
