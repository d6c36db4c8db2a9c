import { basename } from 'node:path';
import { PalateError } from '../../src/errors.ts';
import type { Disk, DiskFile, OpenMode } from '../../src/journal/disk.ts';

/**
 * A disk that keeps what was synced and nothing more. At a crash each page of a file is one of its versions since the
 * last datasync, or torn between two; the size is any since then; names come back up to any of the changes since the
 * folder was synced.
 */

export type DiskCall = 'open' | 'write' | 'read' | 'datasync' | 'truncate' | 'rename' | 'remove' | 'syncFolder';

/** A call as the disk saw it, in order. `ack` is for a test's own entries. */
export interface SeenCall {
  readonly call: DiskCall | 'ack';
  readonly name: string;
  /** The bytes that a write brought. */
  readonly bytes?: Uint8Array;
  readonly position?: number;
}

interface Inode {
  /** The first is durable, the last is what readers see. */
  versions: Uint8Array[];
}

const pageBytes = 4_096;

/** A random number generator that follows from its seed (mulberry32, Tommy Ettinger, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class SimulatedDisk implements Disk {
  readonly seen: SeenCall[] = [];
  /** Gives the error code of a call that is to fail; `undefined` lets it pass. */
  failure: (call: DiskCall, name: string) => string | undefined = () => undefined;
  /** Calls that change something until the power goes; the one at 0 may or may not have had its effect. */
  callsLeft = Number.POSITIVE_INFINITY;
  /** Bytes that all files together may have. */
  capacity = Number.POSITIVE_INFINITY;
  readonly #random: () => number;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #nameChanges: ((names: Map<string, Inode>) => void)[] = [];
  #locked = false;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The disk after the power came back. This one is of no use any more. */
  crash(): SimulatedDisk {
    this.callsLeft = -1;
    const after = new SimulatedDisk(this.#random);
    const names = new Map(this.#durableNames);
    const kept = Math.floor(this.#random() * (this.#nameChanges.length + 1));
    for (const change of this.#nameChanges.slice(0, kept)) change(names);
    for (const [path, inode] of names) after.put(path, this.#survivor(inode));
    return after;
  }

  /** The disk after the process was killed and the machine went on: everything written is there, the lock is free. */
  kill(): SimulatedDisk {
    this.callsLeft = -1;
    const after = new SimulatedDisk(this.#random);
    for (const [path, inode] of this.#names) after.put(path, inode.versions.at(-1)!);
    return after;
  }

  /** Puts a durable file there. */
  put(path: string, bytes: Uint8Array): void {
    const inode = { versions: [bytes.slice()] };
    this.#names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** What readers see of a file. */
  bytesOf(path: string): Uint8Array {
    return this.#inode(path).versions.at(-1)!.slice();
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  async makeFolder(): Promise<void> {}

  async list(folder: string): Promise<string[]> {
    return this.paths()
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => basename(path));
  }

  async lock(folder: string): Promise<() => Promise<void>> {
    if (this.#locked) throw new PalateError('JOURNAL_LOCKED', `${folder} is locked`);
    this.#locked = true;
    return async () => {
      this.#locked = false;
    };
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    if (mode === 'create') {
      const inode: Inode = { versions: [new Uint8Array(0)] };
      await this.#change('open', path, () => this.#changeNames((names) => names.set(path, inode)));
    }
    return this.#file(path, this.#inode(path));
  }

  async rename(from: string, to: string): Promise<void> {
    const inode = this.#inode(from);
    await this.#change('rename', from, () =>
      this.#changeNames((names) => {
        names.delete(from);
        names.set(to, inode);
      }),
    );
  }

  async remove(path: string): Promise<void> {
    this.#inode(path);
    await this.#change('remove', path, () => this.#changeNames((names) => names.delete(path)));
  }

  async syncFolder(folder: string): Promise<void> {
    await this.#change('syncFolder', folder, () => {
      this.#durableNames = new Map(this.#names);
      this.#nameChanges = [];
    });
  }

  #file(path: string, inode: Inode): DiskFile {
    return {
      size: async () => inode.versions.at(-1)!.length,
      read: async (into, position) => {
        const code = this.failure('read', basename(path));
        if (code !== undefined) throw systemError(code);
        const found = inode.versions.at(-1)!.subarray(position, position + into.length);
        into.set(found);
        return found.length;
      },
      write: (bytes, position) => this.#write(path, inode, bytes, position),
      truncate: (size) =>
        this.#change('truncate', path, () => inode.versions.push(resized(inode.versions.at(-1)!, size))),
      datasync: () =>
        this.#change('datasync', path, () => {
          inode.versions = [inode.versions.at(-1)!];
        }),
      close: async () => {},
    };
  }

  async #write(path: string, inode: Inode, bytes: Uint8Array, position: number): Promise<void> {
    const before = inode.versions.at(-1)!;
    const room = Math.max(0, this.capacity - this.#size() + before.length - position);
    const fits = bytes.subarray(0, room);
    const after = resized(before, Math.max(before.length, position + fits.length));
    after.set(fits, position);
    const written = { bytes: bytes.slice(), position };
    await this.#change('write', path, () => inode.versions.push(after), written);
    if (fits.length < bytes.length) throw systemError('ENOSPC');
  }

  #size(): number {
    return [...this.#names.values()].reduce((bytes, { versions }) => bytes + versions.at(-1)!.length, 0);
  }

  /** Every call that changes something goes through here: it is noted, may fail, and may be the last. */
  async #change(call: DiskCall, path: string, effect: () => void, more: Partial<SeenCall> = {}): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const isLast = this.callsLeft === 0;
    if (this.callsLeft < 0) throw systemError('CRASHED');
    this.callsLeft--;
    if (isLast) {
      if (this.#random() < 0.5) effect();
      throw systemError('CRASHED');
    }
    const code = this.failure(call, basename(path));
    if (code !== undefined) throw systemError(code);
    effect();
    this.seen.push({ call, name: basename(path), ...more });
  }

  #changeNames(change: (names: Map<string, Inode>) => void): void {
    change(this.#names);
    this.#nameChanges.push(change);
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw systemError('ENOENT');
    return inode;
  }

  #survivor({ versions }: Inode): Uint8Array {
    const sizes = versions.map(({ length }) => length);
    const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
    const ends = [...sizes, least + Math.floor(this.#random() * (most - least + 1))];
    const survivor = new Uint8Array(this.#pick(ends));
    for (let start = 0; start < survivor.length; start += pageBytes) {
      const end = Math.min(start + pageBytes, survivor.length);
      const tear = this.#random() < 0.3 ? start + Math.floor(this.#random() * (end - start)) : end;
      survivor.set(resized(this.#pick(versions), survivor.length).subarray(start, tear), start);
      survivor.set(resized(this.#pick(versions), survivor.length).subarray(tear, end), tear);
    }
    return survivor;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)]!;
  }
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const copy = new Uint8Array(size);
  copy.set(bytes.subarray(0, size));
  return copy;
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
