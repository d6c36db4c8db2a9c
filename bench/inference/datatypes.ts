/** The datatypes of the Open Inference Protocol, and made-up values of them in raw form. */

import { randomBytes } from 'node:crypto';
import { writeBytesTensor } from '../../src/scoring/inference/bytes-tensor.ts';
import type { Random } from '../random.ts';

/** Bytes of one element; BYTES has elements of any length. */
const elementBytes: Readonly<Record<string, number>> = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  BF16: 2,
  FP32: 4,
  FP64: 8,
  BYTES: Number.NaN,
};

export const datatypes = Object.keys(elementBytes);

/** Of a made-up element of BYTES. */
const textBytes = 32;

/** So many random elements: numbers from 0 to below 1 for floats, any for whole numbers, texts of 32 letters for BYTES. */
export function randomTensor(datatype: string, elements: number, random: Random): Uint8Array {
  if (datatype === 'BYTES') return writeBytesTensor(Array.from({ length: elements }, randomText));
  const bytes = Buffer.alloc(elements * elementBytes[datatype]!);
  const put = writers[datatype];
  if (put === undefined) return randomBytes(bytes.length);
  for (let index = 0; index < elements; index++) put(bytes, index, random);
  return bytes;
}

const writers: Readonly<Record<string, (bytes: Buffer, index: number, random: Random) => void>> = {
  BOOL: (bytes, index, random) => bytes.writeUInt8(random.below(2), index),
  FP32: (bytes, index, random) => bytes.writeFloatLE(random.next(), index * 4),
  FP64: (bytes, index, random) => bytes.writeDoubleLE(random.next(), index * 8),
  // From 0.5 to below 1: the exponent stays, the fraction is drawn.
  FP16: (bytes, index, random) => bytes.writeUInt16LE(0x3800 | random.below(0x400), index * 2),
  BF16: (bytes, index, random) => bytes.writeUInt16LE(0x3f00 | random.below(0x80), index * 2),
};

function randomText(): Uint8Array {
  return Buffer.from(randomBytes(textBytes / 2).toString('hex'), 'latin1');
}
