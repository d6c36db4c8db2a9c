/** One GET over HTTP/1.1, to addresses that were checked. A connection serves one request. */

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIPv6, type LookupFunction, type Socket } from 'node:net';
import { PalateError } from '../../errors.ts';
import { isSameAddress, parseAddress } from './address.ts';
import type { Destination } from './guard.ts';
import type { Patience } from './patience.ts';

/** Of an answer's head. */
const maxHeaderBytes = 16 * 1024;
/** So long one of several addresses may take to connect before the next is tried. Node's own 250 ms are too few overseas. */
const attemptMillis = 1_000;

/** Their own, so that neither a proxy of the environment nor a kept connection gets between check and connection. */
export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** @param ca Certificates, PEM, to trust in place of those that Node trusts. */
export function createAgents(ca?: string): Agents {
  const connecting = { autoSelectFamilyAttemptTimeout: attemptMillis };
  const trust = { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
  return { http: new HttpAgent(connecting), https: new HttpsAgent({ ...connecting, ...trust }) };
}

/**
 * Sends the request; resolves with the answer's head, its body unread. Destroy it when done with it.
 * @throws What the connection failed with, or the reason of the patience's signal.
 */
export async function httpGet(
  { url, addresses }: Destination,
  agents: Agents,
  patience: Patience,
): Promise<IncomingMessage> {
  const isSecure = url.protocol === 'https:';
  const request = (isSecure ? requestHttps : requestHttp)(url, {
    agent: isSecure ? agents.https : agents.http,
    lookup: answerWith(addresses),
    maxHeaderSize: maxHeaderBytes,
    signal: patience.signal,
    headers: { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'palate' },
  });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('socket', (socket: Socket) => {
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      if (isOneOf(socket.remoteAddress, addresses)) patience.enter('firstByte');
      else request.destroy(new PalateError('URI_FORBIDDEN', 'the connection led elsewhere than was checked'));
    });
  });
  request.once('response', (response) => {
    patience.enter('body');
    resolve(response);
  });
  // It may fail once more after the answer's head came: that is the body's failure, and told there.
  request.on('error', reject);
  request.end();
  return await promise;
}

/** Stands in for the name server: what was checked, and nothing else. Node asks for all addresses, and tries one by one. */
function answerWith(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, { all }, callback) => {
    if (all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };
}

function isOneOf(remote: string | undefined, addresses: readonly string[]): boolean {
  const address = remote === undefined ? undefined : parseAddress(remote);
  return address !== undefined && addresses.some((checked) => isSameAddress(parseAddress(checked)!, address));
}
