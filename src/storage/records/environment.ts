/**
 * Opens the LMDB file of the records such that damage is found before this process reads it: LMDB's pages have no checksums,
 * and a flipped bit in one can end whoever reads it. So a file that was closed has its CRC-32 beside it. One that was not (a
 * crash, a power cut) is whole by LMDB's own design; to be sure, another process reads it first, from end to end. Should this
 * one die all the same while it opens the file, the next start sees that.
 */

import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { access, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { PalateError } from '../../errors.ts';
import { isNoRoom } from '../../files/system-error.ts';
import { entryBeside } from '../../threads/entry.ts';
import { type Entries, openEntries } from './entries.ts';
import { type ExchangeableEntries, type ExchangeFiles, exchangeable } from './exchangeable-entries.ts';

/** What the environment tells of itself. */
export interface EnvironmentLog {
  warn(fields: object, message: string): void;
}

export interface EnvironmentOptions {
  /** One process opens it at a time. */
  readonly folder: string;
  /** The first entry, by which a file of another format is known. */
  readonly format: { readonly key: Buffer; readonly value: Buffer };
  readonly log: EnvironmentLog;
}

export interface Environment {
  readonly entries: ExchangeableEntries;
  /** Has the next start begin anew: what is here can't be relied on. */
  condemn(): Promise<void>;
  close(): Promise<void>;
}

/** The files of a folder. */
interface Files extends ExchangeFiles {
  readonly lock: string;
  /** Size and checksum of `data`, from when it was closed until it is opened again. */
  readonly closed: string;
  /** There while `data` is opened. */
  readonly opening: string;
  /** There when reading or writing `data` has failed. */
  readonly condemned: string;
}

/** How long the other process may read, in milliseconds: some gigabytes. */
const checkMillis = 60_000;

const run = promisify(execFile);

/**
 * Opens the file of a folder, or begins a new one where there is none, where it is damaged, or where another version wrote
 * it; the log says so.
 * @throws PalateError STORAGE_FAILED where the folder can't be written.
 */
export async function openEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { folder, log } = options;
  const files = filesIn(folder);
  try {
    await mkdir(folder, { recursive: true });
    const damage = await knownDamage(files);
    if (damage !== undefined) await beginAnew(files, damage, log);
    await noteOpening(files);
    await rm(files.closed, { force: true });
    const entries = await openOfFormat(options, files);
    await rm(files.opening, { force: true });
    return await environmentOf(exchangeable(entries, files), files);
  } catch (cause) {
    throw new PalateError('STORAGE_FAILED', `the score records in ${folder} can't be opened`, { cause });
  }
}

/** Removes the file of a folder and all that goes with it. */
export async function removeEnvironment(folder: string): Promise<void> {
  await removeAll(filesIn(folder));
}

async function environmentOf(entries: ExchangeableEntries, files: Files): Promise<Environment> {
  // A removal was cut short: what was removed may still be in the file.
  if (await exists(files.purging)) await entries.rewrite();
  return {
    entries,
    condemn: () => writeFile(files.condemned, ''),
    async close() {
      if (await entries.close()) await noteClosed(files);
    },
  };
}

/** A full disk may have no room for it; then a start that dies is not noticed. */
async function noteOpening(files: Files): Promise<void> {
  try {
    await writeFile(files.opening, '');
  } catch (error) {
    if (!isNoRoom(error)) throw error;
  }
}

/** Without the note the next start reads the file through; half a note must not stay. */
async function noteClosed(files: Files): Promise<void> {
  try {
    await writeFile(files.closed, JSON.stringify(await digestOf(files.data)), { flush: true });
  } catch {
    await rm(files.closed, { force: true });
  }
}

function filesIn(folder: string): Files {
  const data = join(folder, 'records.mdb');
  return {
    data,
    lock: `${data}-lock`,
    fresh: join(folder, 'fresh.mdb'),
    purging: join(folder, 'purging'),
    closed: join(folder, 'closed.json'),
    opening: join(folder, 'opening'),
    condemned: join(folder, 'condemned'),
  };
}

async function knownDamage(files: Files): Promise<string | undefined> {
  if (await exists(files.condemned)) return 'they could not be read or written any more';
  if (await exists(files.opening)) return 'the process died while it opened them';
  const closed = await readIfThere(files.closed);
  if (closed === undefined) return (await exists(files.data)) ? checkedElsewhere(files.data) : undefined;
  if (!(await exists(files.data))) return 'their file is gone';
  return JSON.stringify(await digestOf(files.data)) === closed ? undefined : 'their file is not as it was closed';
}

async function checkedElsewhere(file: string): Promise<string | undefined> {
  try {
    const entry = fileURLToPath(entryBeside(import.meta.url, './check.worker'));
    await run(process.execPath, [entry, file], { timeout: checkMillis, killSignal: 'SIGKILL' });
    return undefined;
  } catch (error) {
    const { code, signal } = error as { code?: unknown; signal?: unknown };
    return `they were not closed and are damaged (the check ended with ${String(signal ?? code)})`;
  }
}

/** Other versions may have written other things. */
async function openOfFormat({ format, log }: EnvironmentOptions, files: Files): Promise<Entries> {
  let entries = openEntries(files.data);
  const [first] = entries.getRange({ limit: 1 });
  // A start must not depend on room for a write.
  if (first !== undefined && entries.get(format.key)?.equals(format.value)) return entries;
  if (first !== undefined) {
    await entries.close();
    await beginAnew(files, 'another version of Palate wrote them', log);
    entries = openEntries(files.data);
  }
  await entries.put(format.key, format.value);
  return entries;
}

async function beginAnew(files: Files, why: string, log: EnvironmentLog): Promise<void> {
  log.warn({ file: files.data, why }, 'the score records are begun anew, from the journal');
  await removeAll(files);
}

async function removeAll(files: Files): Promise<void> {
  for (const file of Object.values(files)) await rm(file, { force: true, recursive: true });
}

/** In this form it is written and compared. */
async function digestOf(file: string): Promise<{ bytes: number; crc32: number }> {
  let checksum = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) checksum = crc32(chunk, checksum);
  return { bytes: (await stat(file)).size, crc32: checksum };
}

async function readIfThere(file: string): Promise<string | undefined> {
  return (await exists(file)) ? readFile(file, 'utf8') : undefined;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
