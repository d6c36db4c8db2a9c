import { type ByteTarget, byteTarget } from './byte-target.ts';
import type { DiskFile } from './disk.ts';

/**
 * A stretch of a file in memory that moves forward. Each stretch is a buffer of its own: views into it stay valid for
 * as long as somebody keeps them.
 */
export class Window {
  readonly #file: DiskFile;
  #target: ByteTarget = byteTarget(new Uint8Array(0));
  #start = 0;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  /** The bytes at hand; {@link Window.at} tells where a position lies in them. */
  get target(): ByteTarget {
    return this.#target;
  }

  at(position: number): number {
    return position - this.#start;
  }

  has(position: number, bytes: number): boolean {
    return position >= this.#start && position + bytes <= this.#start + this.#target.bytes.length;
  }

  /** Makes `bytes` from `position` on available, and up to `ahead` where the file goes on till `end`. False: it ends. */
  async load(position: number, bytes: number, ahead: number, end: number): Promise<boolean> {
    if (this.has(position, bytes)) return true;
    if (position + bytes > end) return false;
    const buffer = new Uint8Array(Math.min(Math.max(bytes, ahead), end - position));
    const length = await this.#file.read(buffer, position);
    this.#target = byteTarget(buffer.subarray(0, length));
    this.#start = position;
    return length >= bytes;
  }
}
