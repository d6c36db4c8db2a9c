/**
 * Decides what a stranger's address may make this server connect to (server-side request forgery, CWE-918). The host's
 * name is resolved here, once; the connection is made to one of the very addresses that were checked, so that a second
 * answer of the name server (DNS rebinding) changes nothing. Each redirect is checked anew.
 */

import { PalateError } from '../../errors.ts';
import { parseAddress } from './address.ts';
import { type HostList, parseHostList } from './host-list.ts';
import { isPublicAddress } from './public-address.ts';
import { askMachine, askNameServers, type Resolve } from './resolve.ts';

export interface GuardOptions {
  /** Plain `http` too, and port 80. Default false. A redirect never leads from `https` to `http`. */
  readonly allowHttp?: boolean;
  /** Ports beside 443 (and 80 with `allowHttp`). */
  readonly allowedPorts?: readonly number[];
  /** Hosts that may be reached although they are not public: see `parseHostList`. A name stands for all its addresses. */
  readonly allowedHosts?: readonly string[];
  /** Hosts that are never reached: an operator's own public addresses, a prefix of NAT64. Goes before `allowedHosts`. */
  readonly refusedHosts?: readonly string[];
  /** False: `allowedHosts` and nothing else. Default true. */
  readonly allowPublic?: boolean;
  /** How names that strangers give are looked up. Default: `askNameServers()`. */
  readonly resolve?: Resolve;
}

/** Of one name: a stranger's name server is not to make this server knock at hundreds of doors. */
const maxAddresses = 8;

/** Where a request may go. */
export interface Destination {
  readonly url: URL;
  /** The addresses that were checked, at least one. */
  readonly addresses: readonly string[];
}

export interface Guard {
  /**
   * @param from the address that redirected to this one
   * @throws PalateError URI_FORBIDDEN, URI_UNREACHABLE; also the signal's reason.
   */
  check(url: URL, signal: AbortSignal, from?: URL): Promise<Destination>;
}

/** @throws PalateError CONFIG_INVALID where a host of the options is none. */
export function createGuard(options: GuardOptions = {}): Guard {
  const { allowHttp = false, allowedPorts = [], allowPublic = true, resolve = askNameServers() } = options;
  const allowed = parseHostList(options.allowedHosts ?? []);
  const refused = parseHostList(options.refusedHosts ?? []);
  const ports = new Set([443, ...(allowHttp ? [80] : []), ...allowedPorts]);
  const schemes = new Set(['https:', ...(allowHttp ? ['http:'] : [])]);

  return {
    async check(url, signal, from) {
      checkForm(url, schemes, ports);
      if (from?.protocol === 'https:' && url.protocol !== 'https:')
        throw forbidden('a redirect leads from https to http');
      const host = nameOf(url);
      if (refused.hasName(host)) throw notPublic(host);
      const isTrusted = allowed.hasName(host);
      const found = await addressesOf(host, isTrusted ? askMachine : resolve, signal);
      const mayReach = (address: string) => isOpen(address, { isTrusted, allowed, refused, allowPublic });
      const addresses = found.filter(mayReach).slice(0, maxAddresses);
      if (addresses.length === 0) throw notPublic(host);
      return { url, addresses };
    },
  };
}

function checkForm(url: URL, schemes: ReadonlySet<string>, ports: ReadonlySet<number>): void {
  if (!schemes.has(url.protocol)) throw forbidden(`${url.protocol}// is not allowed here; use https://`);
  if (url.username !== '' || url.password !== '') throw forbidden('a name or password stands in the address');
  const port = url.port === '' ? defaultPorts[url.protocol] : Number(url.port);
  if (port === undefined || !ports.has(port)) throw forbidden(`port ${port} is not allowed here`);
}

const defaultPorts: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 };

/** The URL parser has made IPv4 in any spelling (`0x7f.1`, `2130706433`) dotted decimal, and names lower-case ASCII. */
function nameOf(url: URL): string {
  return url.hostname.replace(/\.$/, '');
}

async function addressesOf(host: string, resolve: Resolve, signal: AbortSignal): Promise<readonly string[]> {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  return parseAddress(bare) === undefined ? await resolve(host, signal) : [bare];
}

interface Policy {
  readonly isTrusted: boolean;
  readonly allowed: HostList;
  readonly refused: HostList;
  readonly allowPublic: boolean;
}

function isOpen(text: string, { isTrusted, allowed, refused, allowPublic }: Policy): boolean {
  const address = parseAddress(text);
  if (address === undefined || refused.hasAddress(address)) return false;
  return isTrusted || allowed.hasAddress(address) || (allowPublic && isPublicAddress(address));
}

/**
 * One answer for a name that does not exist and for one that leads inside, so that nobody can find out inside names by
 * asking.
 */
function notPublic(host: string): PalateError {
  return forbidden(`${host} has no address that this server may fetch from`);
}

function forbidden(message: string): PalateError {
  return new PalateError('URI_FORBIDDEN', message);
}
