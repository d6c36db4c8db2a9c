/**
 * Tensors of the datatype BYTES in their raw form: the elements one after the other, each behind its length in bytes as a
 * little-endian integer of 4 bytes (Open Inference Protocol, "Raw Tensor Contents").
 */

const lengthBytes = 4;

/** The raw form of these elements. */
export function writeBytesTensor(elements: readonly Uint8Array[]): Uint8Array {
  const raw = new Uint8Array(elements.reduce((sum, { length }) => sum + lengthBytes + length, 0));
  const view = new DataView(raw.buffer);
  let at = 0;
  for (const element of elements) {
    view.setUint32(at, element.length, true);
    raw.set(element, at + lengthBytes);
    at += lengthBytes + element.length;
  }
  return raw;
}

/** The elements of a raw form, as views of it; undefined where it is none: a length points beyond its end. */
export function readBytesTensor(raw: Uint8Array): readonly Uint8Array[] | undefined {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at < raw.length) {
    if (at + lengthBytes > raw.length) return undefined;
    const end = at + lengthBytes + view.getUint32(at, true);
    if (end > raw.length) return undefined;
    elements.push(raw.subarray(at + lengthBytes, end));
    at = end;
  }
  return elements;
}
