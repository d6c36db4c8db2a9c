/** Where the other processes are: `host:port`, or `dns:///host:port` for every address that the name has. */

import { lookup } from 'node:dns/promises';

/** Where one process listens. */
export interface Address {
  /** `host:port`, an IP address where it came from DNS. */
  readonly target: string;
  /** `host:port` as it was configured: what its certificate names. */
  readonly authority: string;
}

/** Finds all addresses of a host. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const dnsScheme = 'dns:///';
const hostAndPort = /^(?:\[([^\]]+)\]|([^:[\]/\s]+)):(\d{1,5})$/;

/** Whether it is an address in either form. */
export function isAddress(text: string): boolean {
  return hostAndPort.test(withoutScheme(text));
}

/**
 * The addresses behind configured ones, each once, in their order. Those of a name that does not resolve are those of before,
 * and `onProblem` is told: a name server that is away takes nobody out of the mesh.
 */
export async function findAddresses(
  configured: readonly string[],
  before: readonly Address[],
  onProblem: (name: string, error: unknown) => void,
  resolve: Resolve = everyAddress,
): Promise<readonly Address[]> {
  const found = await Promise.all(configured.map((text) => addressesOf(text, before, onProblem, resolve)));
  return [...new Map(found.flat().map((address) => [address.target, address])).values()];
}

async function addressesOf(
  text: string,
  before: readonly Address[],
  onProblem: (name: string, error: unknown) => void,
  resolve: Resolve,
): Promise<readonly Address[]> {
  const authority = withoutScheme(text);
  if (!text.startsWith(dnsScheme)) return [{ target: authority, authority }];
  const [, bracketed, plain, port] = hostAndPort.exec(authority) ?? [];
  try {
    const hosts = await resolve(bracketed ?? plain ?? authority);
    return hosts.map((host) => ({ target: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, authority }));
  } catch (error) {
    onProblem(authority, error);
    return before.filter((address) => address.authority === authority);
  }
}

function withoutScheme(text: string): string {
  return text.startsWith(dnsScheme) ? text.slice(dnsScheme.length) : text;
}

async function everyAddress(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
