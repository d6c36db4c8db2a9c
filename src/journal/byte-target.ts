/** Bytes that are read and written as numbers too, little-endian. */

/** A buffer, with a view of the same bytes. */
export interface ByteTarget {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

const twoTo32 = 4_294_967_296;

export function byteTarget(bytes: Uint8Array): ByteTarget {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Writes an int64 that is a safe, non-negative integer. */
export function writeInt64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % twoTo32, true);
  view.setUint32(at + 4, Math.floor(value / twoTo32), true);
}

/** Reads what {@link writeInt64} wrote. */
export function readInt64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * twoTo32 + view.getUint32(at, true);
}
