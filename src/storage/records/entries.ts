import { type Database, open } from 'lmdb';

/** The entries of an LMDB file. What is written in one transaction goes together; a read sees what is committed. */
export type Entries = Database<Buffer, Buffer>;

/** They are not in the binding's types. */
const options = { noSubdir: true, keyEncoding: 'binary' } as const;

/** Opens a file, which is made where it is missing. */
export function openEntries(file: string): Entries {
  return open<Buffer, Buffer>({
    path: file,
    ...options,
    encoding: 'binary',
    // Joining a turn's writes by itself, the binding leaves a promise of its own unhandled when a commit fails: on a full
    // disk that would end the process. What belongs together is in transactions here, and they are joined all the same.
    eventTurnBatching: false,
    // With its overlapping syncs, the binding's thread still uses a file for a moment after all is flushed: to close and open
    // one again right then (an erasure does) ended the process, once in some hundred times.
    overlappingSync: false,
  });
}
