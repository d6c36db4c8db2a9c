/** A list of hosts as an operator writes it: names, names with everything below them, addresses and blocks. */

import { PalateError } from '../../errors.ts';
import { type Address, type Block, parseBlock } from './address.ts';
import { isWithinAny } from './public-address.ts';

export interface HostList {
  hasName(host: string): boolean;
  hasAddress(address: Address): boolean;
}

const name = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/**
 * Reads `photos.internal`, `*.photos.internal` (all below it, not itself), `10.1.2.3`, `10.1.0.0/16`, `fd00::/8`.
 * @throws PalateError CONFIG_INVALID naming the entry that is none of these.
 */
export function parseHostList(entries: readonly string[]): HostList {
  const blocks: Block[] = [];
  const names = new Set<string>();
  const parents: string[] = [];
  for (const entry of entries.map((text) => text.trim().toLowerCase())) {
    const block = parseBlock(entry);
    if (block !== undefined) blocks.push(block);
    else if (!name.test(entry)) throw notAHost(entry);
    else if (entry.startsWith('*')) parents.push(entry.slice(1));
    else names.add(entry);
  }
  return {
    hasName: (host) => names.has(host) || parents.some((parent) => host.endsWith(parent)),
    hasAddress: (address) => isWithinAny(address, blocks),
  };
}

function notAHost(entry: string): PalateError {
  return new PalateError(
    'CONFIG_INVALID',
    `${JSON.stringify(entry)} is no host: give a name, "*." and a name, an address, or a block as 10.0.0.0/8`,
  );
}
