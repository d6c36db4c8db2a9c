/**
 * Blocks of 2^c ints in a few large arrays: a million short lists without a million objects. A freed block is used
 * again for the next of its size. The first chunk doubles up to 2^20 ints, further chunks of that size follow, so that
 * growth never copies more than 4 MiB.
 */
import type { Archive } from './archive.ts';

const chunkBits = 20;
const chunkLength = 1 << chunkBits;
const chunkMask = chunkLength - 1;

/** The largest class of a block: 2^15 ints. */
export const largestClass = 15;

export class IntBlocks {
  readonly #chunks: Int32Array<ArrayBuffer>[] = [new Int32Array(256)];
  readonly #free: number[][] = Array.from({ length: largestClass + 1 }, () => []);
  #end = 0;

  /** The array that holds the block at `address`; it begins there at `offsetOf(address)`. Read again after `allocate`. */
  chunkOf(address: number): Int32Array {
    return this.#chunks[address >>> chunkBits]!;
  }

  offsetOf(address: number): number {
    return address & chunkMask;
  }

  /** The address of a block of 2^sizeClass ints. What is in it is left over. */
  allocate(sizeClass: number): number {
    const freed = this.#free[sizeClass]!.pop();
    if (freed !== undefined) return freed;
    const length = 1 << sizeClass;
    const fits = (this.#end & chunkMask) + length <= chunkLength;
    const address = fits ? this.#end : ((this.#end >>> chunkBits) + 1) << chunkBits;
    this.#end = address + length;
    this.#reserve(address, length);
    return address;
  }

  release(address: number, sizeClass: number): void {
    this.#free[sizeClass]!.push(address);
  }

  #reserve(address: number, length: number): void {
    const index = address >>> chunkBits;
    const needed = (address & chunkMask) + length;
    const chunk = this.#chunks[index];
    if (chunk === undefined) {
      this.#chunks[index] = new Int32Array(chunkLength);
    } else if (chunk.length < needed) {
      const grown = new Int32Array(Math.min(chunkLength, Math.max(needed, chunk.length * 2)));
      grown.set(chunk);
      this.#chunks[index] = grown;
    }
  }

  persist(archive: Archive): void {
    archive.chunks('chunks', this.#chunks, Math.min(this.#end & chunkMask || this.#end, this.#chunks.at(-1)!.length));
    [this.#end] = archive.numbers('end', [this.#end]);
    archive.records(
      'free',
      (out) =>
        out.list(this.#free, this.#free.length, (freed) =>
          out.list(freed, freed.length, (address) => out.number(address)),
        ),
      (from) => {
        for (const [i, freed] of from.list(() => from.list(() => from.number())).entries()) this.#free[i] = freed;
      },
    );
  }
}
