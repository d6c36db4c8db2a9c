import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { syncFolder } from '../files/sync-folder.ts';
import type { Disk, DiskFile, OpenMode } from './disk.ts';
import { lockFolder } from './lock.ts';

const flags = { read: 'r', write: 'r+', create: 'w+' } as const satisfies Record<OpenMode, string>;

/** The file system of the machine. Calls run on libuv's threads: an fdatasync does not hold up the event loop. */
export const realDisk: Disk = {
  async makeFolder(folder) {
    await mkdir(folder, { recursive: true });
  },
  list: (folder) => readdir(folder),
  open: async (path, mode) => realFile(await open(path, flags[mode], 0o640)),
  rename,
  remove: unlink,
  syncFolder,
  lock: lockFolder,
};

function realFile(handle: FileHandle): DiskFile {
  return {
    size: async () => (await handle.stat()).size,
    async write(bytes, position) {
      let done = 0;
      while (done < bytes.length) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    },
    async read(into, position) {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    datasync: () => handle.datasync(),
    truncate: (size) => handle.truncate(size),
    close: () => handle.close(),
  };
}
