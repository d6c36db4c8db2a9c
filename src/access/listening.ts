import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { PalateError } from '../errors.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Does an address reach this machine only? IPv4 inside of IPv6 (::ffff:127.0.0.1) counts as what it is. */
export function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** The same of an address as a configuration has it, where `localhost` is the one name that needs no asking. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(withoutBrackets(host));
}

/**
 * Every address that a name stands for has to be this machine's own.
 *
 * @throws PalateError CONFIG_INVALID for a name that stands for none.
 */
export async function listensOnLoopbackOnly(host: string): Promise<boolean> {
  const bare = withoutBrackets(host);
  if (isIP(bare) !== 0) return isLoopbackAddress(bare);
  try {
    const addresses = await lookup(bare, { all: true });
    return addresses.length > 0 && addresses.every(({ address }) => isLoopbackAddress(address));
  } catch (cause) {
    throw new PalateError('CONFIG_INVALID', `host ${host} is no address of this machine.`, { cause });
  }
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
