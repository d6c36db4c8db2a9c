/**
 * Which addresses belong to the public internet. The rule is stricter than the registries: a block that they list is
 * refused whatever they say of its reach, since what is there (anycast relays, translators, sinkholes) is whoever is
 * nearest, and no photo.
 *
 * Sources: IANA IPv4 Special-Purpose Address Registry, IANA IPv6 Special-Purpose Address Registry, IANA IPv6 Global
 * Unicast Address Assignments, IANA Multicast registries; RFC 6890 with RFC 8190.
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 */

import { type Address, type Block, isWithin, parseBlock } from './address.ts';

const specialV4 = blocks(
  '0.0.0.0/8', // This network, RFC 791: Linux takes it for the machine itself.
  '10.0.0.0/8', // Private, RFC 1918.
  '100.64.0.0/10', // Shared by carriers (CGNAT), RFC 6598.
  '127.0.0.0/8', // Loopback, RFC 1122.
  '169.254.0.0/16', // Link-local, RFC 3927; the clouds' metadata services.
  '172.16.0.0/12', // Private, RFC 1918.
  '192.0.0.0/24', // Protocol assignments, RFC 6890.
  '192.0.2.0/24', // Documentation, RFC 5737.
  '192.31.196.0/24', // AS112, RFC 7535.
  '192.52.193.0/24', // Multicast relays (AMT), RFC 7450.
  '192.88.99.0/24', // Relays of 6to4, RFC 7526.
  '192.168.0.0/16', // Private, RFC 1918.
  '192.175.48.0/24', // AS112, RFC 7534.
  '198.18.0.0/15', // Benchmarking, RFC 2544.
  '198.51.100.0/24', // Documentation, RFC 5737.
  '203.0.113.0/24', // Documentation, RFC 5737.
  '224.0.0.0/4', // Multicast, RFC 5771.
  '240.0.0.0/4', // Reserved, RFC 1112, and broadcast, RFC 919.
);

/**
 * RFC 4291, section 2.4: global unicast as far as it is given out. Outside of it lie ::, ::1, IPv4-compatible and -mapped
 * addresses, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), discard-only, segment routing, unique-local, link-local, site-local and
 * multicast.
 */
const globalV6 = blocks('2000::/3');

const specialV6 = blocks(
  '2001::/23', // Protocol assignments, RFC 2928: Teredo, benchmarking, ORCHID, and anycast.
  '2001:db8::/32', // Documentation, RFC 3849.
  '2002::/16', // 6to4, RFC 3056: has an IPv4 address inside.
  '2620:4f:8000::/48', // AS112, RFC 7534.
  '3ffe::/16', // 6bone, given back, RFC 3701.
  '3fff::/20', // Documentation, RFC 9637.
);

/** True: the address is one of the public internet's, as far as anyone can tell from its bits. */
export function isPublicAddress(address: Address): boolean {
  if (address.length === 4) return !isWithinAny(address, specialV4);
  return isWithinAny(address, globalV6) && !isWithinAny(address, specialV6);
}

/** True: the address lies in one of the blocks. */
export function isWithinAny(address: Address, list: readonly Block[]): boolean {
  return list.some((block) => isWithin(address, block));
}

function blocks(...texts: string[]): readonly Block[] {
  return texts.map((text) => parseBlock(text)!);
}
