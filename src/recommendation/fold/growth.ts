/** Typed arrays that grow by doubling, so that a push costs O(1) on average and one copy at worst. */

/** How many elements there are up to the last one that is not `fill`. */
export function usedLength(array: Int32Array | Float64Array, fill = 0): number {
  let length = array.length;
  while (length > 0 && array[length - 1] === fill) length--;
  return length;
}

/** The same array where it holds `length` elements, else a copy of at least twice its size; new elements are `fill`. */
export function grownInts(array: Int32Array<ArrayBuffer>, length: number, fill = 0): Int32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const grown = new Int32Array(Math.max(length, array.length * 2));
  grown.set(array);
  if (fill !== 0) grown.fill(fill, array.length);
  return grown;
}

/** As {@link grownInts}, for doubles. */
export function grownFloats(array: Float64Array<ArrayBuffer>, length: number, fill = 0): Float64Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const grown = new Float64Array(Math.max(length, array.length * 2));
  grown.set(array);
  if (fill !== 0) grown.fill(fill, array.length);
  return grown;
}

/** As {@link grownInts}, for bytes. */
export function grownBytes(array: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const grown = new Uint8Array(Math.max(length, array.length * 2));
  grown.set(array);
  return grown;
}
