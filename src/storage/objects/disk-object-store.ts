import { createHash } from 'node:crypto';
import { access, mkdir, opendir, readFile, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PalateError } from '../../errors.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import { isMissing } from '../../files/system-error.ts';
import type { ObjectName, ObjectStore } from './object-store.ts';
import { storageError } from './storage-error.ts';
import { type ObjectWrite, writeObject } from './write-object.ts';

/** Of the default tenant: no tenant's name begins so. */
const defaultTenant = '_default';
/** Where objects are written before they get their names. No tenant's name begins so. */
export const unfinished = '_unfinished';
const hash = /^[0-9a-f]{64}$/;

/**
 * Objects as files, `TENANT/ab/cdef…`: two digits of the hash are a folder, so that none grows too large to list. A file is
 * written under another name, synced, and renamed: what has its name is whole. One process writes a folder at a time.
 * @param write how: on this thread, where nothing else is said, or on another.
 * @throws PalateError STORAGE_FAILED where the folder can't be made.
 */
export async function openDiskObjectStore(
  folder: string,
  write: (object: ObjectWrite) => void | Promise<void> = writeObject,
): Promise<ObjectStore> {
  const drafts = join(folder, unfinished);
  await guarded('prepare', folder, async () => {
    // What a crash left behind never was an object.
    await rm(drafts, { recursive: true, force: true });
    await mkdir(drafts, { recursive: true });
  });
  const pathOf = ({ tenant, sha256 }: ObjectName) => {
    if (!hash.test(sha256)) throw new PalateError('INTERNAL', `${JSON.stringify(sha256)} is no SHA-256`);
    return join(folder, tenant || defaultTenant, sha256.slice(0, 2), sha256.slice(2));
  };
  return {
    has: async (object) => exists(pathOf(object)),
    async put(object, bytes) {
      await write({ path: pathOf(object), root: folder, drafts, bytes });
    },
    get: async (object) => guarded('read', pathOf(object), () => readWhole(pathOf(object), object.sha256)),
    delete: async (object) => guarded('remove', pathOf(object), () => removeDurably(pathOf(object))),
    list: (tenant) => listHashes(join(folder, tenant || defaultTenant)),
  };
}

async function readWhole(path: string, sha256: string): Promise<Uint8Array | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found === sha256) return bytes;
  throw new PalateError('OBJECT_CORRUPT', `${path} is not what it was: its SHA-256 is ${found}`);
}

async function removeDurably(path: string): Promise<void> {
  try {
    await unlink(path);
    await syncFolder(dirname(path));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function* listHashes(folder: string): AsyncGenerator<string> {
  for await (const prefix of entriesOf(folder)) {
    for await (const rest of entriesOf(join(folder, prefix))) {
      if (hash.test(prefix + rest)) yield prefix + rest;
    }
  }
}

async function* entriesOf(folder: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(folder)) yield name;
  } catch (error) {
    if (!isMissing(error)) throw storageError('list', folder, error);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw storageError('look for', path, error);
  }
}

async function guarded<Result>(what: string, path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw storageError(what, path, error);
  }
}
