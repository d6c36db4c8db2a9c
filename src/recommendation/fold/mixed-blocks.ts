/**
 * Blocks of 4-byte numbers in a few large buffers that can be read as ints and as floats, so that a short list of
 * weighted numbers lies in one place in memory. A freed block is used again for the next of its length.
 */
import type { Archive } from './archive.ts';
import { persistFree } from './freed-places.ts';

const chunkBits = 20;
/** In numbers of 4 bytes. */
const chunkLength = 1 << chunkBits;
const chunkMask = chunkLength - 1;
/**
 * Numbers left free at the front of a chunk. Large memory begins 16 bytes behind a page where glibc gives it: so a block
 * of whole cache lines, 64 bytes each, lies on just as many of them and not on one more.
 */
const lead = 12;
/** The first chunk doubles from here on: a small tenant costs little. */
const smallestChunk = 256;

export class MixedBlocks {
  readonly #floats: Float32Array<ArrayBuffer>[] = [];
  readonly #ints: Int32Array<ArrayBuffer>[] = [];
  readonly #free = new Map<number, number[]>();
  #end = lead;

  /** Where a block's ints are, from `offsetOf(address)` on. Read again after `allocate`. */
  intsOf(address: number): Int32Array {
    return this.#ints[address >>> chunkBits]!;
  }

  /** The same memory as floats. */
  floatsOf(address: number): Float32Array {
    return this.#floats[address >>> chunkBits]!;
  }

  offsetOf(address: number): number {
    return address & chunkMask;
  }

  /** The address of a block of `length` numbers, all 0. A length of whole cache lines keeps blocks aligned to them. */
  allocate(length: number): number {
    const freed = this.#free.get(length)?.pop();
    if (freed !== undefined) {
      const from = this.offsetOf(freed);
      this.intsOf(freed).fill(0, from, from + length);
      return freed;
    }
    const fits = (this.#end & chunkMask) + length <= chunkLength;
    const address = fits ? this.#end : (((this.#end >>> chunkBits) + 1) << chunkBits) + lead;
    this.#end = address + length;
    this.#reserve(address, length);
    return address;
  }

  release(address: number, length: number): void {
    const freed = this.#free.get(length) ?? [];
    freed.push(address);
    this.#free.set(length, freed);
  }

  #reserve(address: number, length: number): void {
    const index = address >>> chunkBits;
    const needed = (address & chunkMask) + length;
    const chunk = this.#ints[index];
    if (chunk !== undefined && chunk.length >= needed) return;
    const doubled = Math.max(needed, smallestChunk, (chunk?.length ?? 0) * 2);
    const ints = new Int32Array(index === 0 ? Math.min(chunkLength, doubled) : chunkLength);
    if (chunk !== undefined) ints.set(chunk);
    this.#ints[index] = ints;
    this.#floats[index] = new Float32Array(ints.buffer);
  }

  persist(archive: Archive): void {
    archive.chunks('chunks', this.#ints, Math.min(this.#end & chunkMask || this.#end, this.#ints.at(-1)?.length ?? 0));
    [this.#end] = archive.numbers('end', [this.#end]);
    persistFree(archive, this.#free);
    if (archive.isReading) for (const ints of this.#ints) this.#floats.push(new Float32Array(ints.buffer));
  }
}
