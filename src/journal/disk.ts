/**
 * What the journal asks of a disk, and no more. The real one is `real-disk.ts`; tests have one that forgets, fills up
 * and fails. Errors carry the `code` of the system call, such as ENOSPC, unchanged.
 */

/** How a file is opened: `read` an existing one, `write` an existing one in place, `create` an empty one. */
export type OpenMode = 'read' | 'write' | 'create';

/** An open file. Every position and size is in bytes. */
export interface DiskFile {
  size(): Promise<number>;
  /** Writes all of `bytes`, or throws. Durable only after {@link DiskFile.datasync}. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Fills `into` from `position`, and returns how many bytes there were: fewer only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** fdatasync(2): returns when contents and size are on the disk. */
  datasync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** A file system. Paths are the caller's. */
export interface Disk {
  /** Makes the folder and those above it, where they are missing. */
  makeFolder(folder: string): Promise<void>;
  /** The names in a folder, in any order. */
  list(folder: string): Promise<readonly string[]>;
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** fsync(2) on the folder: returns when names made, changed and removed in it are on the disk. */
  syncFolder(folder: string): Promise<void>;
  /**
   * Keeps other processes out until the returned function is called or the process ends, however it ends.
   * @throws PalateError JOURNAL_LOCKED, naming the holder.
   */
  lock(folder: string): Promise<() => Promise<void>>;
}
