/** Internet addresses and blocks of them as bits, so that they can be compared. */

import { isIP, isIPv4 } from 'node:net';

/** An address: 4 or 16 bytes, in network order. */
export type Address = Uint8Array;

/** A block of addresses: those whose first `bits` bits are the same. */
export interface Block {
  readonly address: Address;
  readonly bits: number;
}

/**
 * Reads an address in its usual text form: dotted decimal, or IPv6 with or without brackets. Undefined: it is none. A zone
 * (`fe80::1%eth0`) makes it none: it names a link of this machine.
 */
export function parseAddress(text: string): Address | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIP(bare) === 0 || bare.includes('%')) return undefined;
  return isIPv4(bare) ? parseV4(bare) : parseV6(bare);
}

/** Reads `10.0.0.0/8`, `fd00::/8`, or one address. Undefined: it is neither. */
export function parseBlock(text: string): Block | undefined {
  const [, addressText = '', bitsText] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(addressText);
  if (address === undefined) return undefined;
  const bits = bitsText === undefined ? address.length * 8 : Number(bitsText);
  return bits > address.length * 8 ? undefined : { address, bits };
}

/** True: the address lies in the block. Those of IPv4 never lie in a block of IPv6, nor the other way round. */
export function isWithin(address: Address, block: Block): boolean {
  if (address.length !== block.address.length) return false;
  const whole = block.bits >> 3;
  for (let at = 0; at < whole; at++) if (address[at] !== block.address[at]) return false;
  const rest = block.bits & 7;
  return rest === 0 || (address[whole]! ^ block.address[whole]!) >> (8 - rest) === 0;
}

/** True: the two are one address. An IPv4 address and the same one mapped into IPv6 are one. */
export function isSameAddress(one: Address, other: Address): boolean {
  return Buffer.compare(unmapped(one), unmapped(other)) === 0;
}

const mappedBlock: Block = { address: parseV6('::ffff:0:0'), bits: 96 };

/** RFC 4291, section 2.5.5.2: sockets of both families show IPv4 addresses so. */
function unmapped(address: Address): Address {
  return isWithin(address, mappedBlock) ? address.subarray(12) : address;
}

function parseV4(text: string): Address {
  return Uint8Array.from(text.split('.'), Number);
}

/** The text is known to be right. */
function parseV6(text: string): Address {
  const tail = /\d+\.\d+\.\d+\.\d+$/.exec(text)?.[0];
  const whole = tail === undefined ? text : text.slice(0, -tail.length) + asGroups(parseV4(tail));
  const [head = '', end] = whole.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const groups = [...head, ...Array<string>(8 - head.length - (end?.length ?? 0)).fill('0'), ...(end ?? [])];
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  );
}

function asGroups([a = 0, b = 0, c = 0, d = 0]: Address): string {
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
