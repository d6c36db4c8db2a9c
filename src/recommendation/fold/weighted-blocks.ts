/**
 * Blocks of `room` doubles and `room` ints beside each other, in a few large buffers, so that reading a short list of
 * weighted numbers touches one place in memory. Rooms are even. A freed block is used again for the next of its room.
 */
const chunkBits = 16;
/** In doubles. */
const chunkLength = 1 << chunkBits;
const chunkMask = chunkLength - 1;
/** The first chunk doubles from here on: a small tenant costs little. */
const smallestChunk = 256;

export class WeightedBlocks {
  readonly #doubles: Float64Array<ArrayBuffer>[] = [];
  readonly #ints: Int32Array<ArrayBuffer>[] = [];
  readonly #free = new Map<number, number[]>();
  #end = 0;

  /** The doubles of a block begin here at `offsetOf(address)`. Read again after `allocate`. */
  doublesOf(address: number): Float64Array {
    return this.#doubles[address >>> chunkBits]!;
  }

  /** The ints of a block begin here at `intOffsetOf(address, room)`. Read again after `allocate`. */
  intsOf(address: number): Int32Array {
    return this.#ints[address >>> chunkBits]!;
  }

  offsetOf(address: number): number {
    return address & chunkMask;
  }

  intOffsetOf(address: number, room: number): number {
    return ((address & chunkMask) + room) * 2;
  }

  allocate(room: number): number {
    const freed = this.#free.get(room)?.pop();
    if (freed !== undefined) return freed;
    const length = room + room / 2;
    const fits = (this.#end & chunkMask) + length <= chunkLength;
    const address = fits ? this.#end : ((this.#end >>> chunkBits) + 1) << chunkBits;
    this.#end = address + length;
    this.#reserve(address, length);
    return address;
  }

  release(address: number, room: number): void {
    const freed = this.#free.get(room) ?? [];
    freed.push(address);
    this.#free.set(room, freed);
  }

  #reserve(address: number, length: number): void {
    const index = address >>> chunkBits;
    const needed = (address & chunkMask) + length;
    const chunk = this.#doubles[index];
    if (chunk !== undefined && chunk.length >= needed) return;
    const doubled = Math.max(needed, smallestChunk, (chunk?.length ?? 0) * 2);
    const grown = new Float64Array(index === 0 ? Math.min(chunkLength, doubled) : chunkLength);
    const ints = new Int32Array(grown.buffer);
    // Copied as ints: as doubles some bit patterns would not survive.
    if (chunk !== undefined) ints.set(new Int32Array(chunk.buffer));
    this.#doubles[index] = grown;
    this.#ints[index] = ints;
  }
}
