import fc from 'fast-check';
import type { Address, Block } from '../../../src/scoring/fetching/address.ts';

export const anyV4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
export const anyV6 = fc.uint8Array({ minLength: 16, maxLength: 16 });

/** The address as a number. */
export function numberOf(address: Address): bigint {
  return address.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** The number as an address of so many bytes; what is too large begins anew. */
export function addressOf(value: bigint, length: number): Address {
  return Uint8Array.from({ length }, (_, at) => Number((value >> BigInt(8 * (length - 1 - at))) & 0xffn));
}

/** The first and the last address of a block, as numbers. */
export function boundsOf({ address, bits }: Block): { first: bigint; last: bigint } {
  const size = 1n << BigInt(address.length * 8 - bits);
  const first = (numberOf(address) / size) * size;
  return { first, last: first + size - 1n };
}

/** The address as people write it; IPv6 in full, or with its longest run of zeros left out. */
export function textOf(address: Address, isShort = false): string {
  if (address.length === 4) return address.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => ((address[2 * at]! << 8) | address[2 * at + 1]!).toString(16));
  const text = groups.join(':');
  return isShort ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;
}
