import { readFileSync, statSync } from 'node:fs';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import type { Connection } from '../../config/tls.ts';
import { PalateError } from '../../errors.ts';

/** How a client reaches a server; what is left out is as the configuration has it: no TLS, no token. It can be cloned. */
export type ConnectionOptions = Partial<Connection>;

/** A file that holds a token is looked at again after so long. */
const lookMillis = 1_000;

/**
 * Reads what TLS needs of its files, now: a new connection shows the certificates of its moment.
 *
 * @throws PalateError TLS_INVALID, which names the file.
 */
export function channelCredentials(options: ConnectionOptions = {}): ChannelCredentials {
  const { tls = false, caFile = '', certificateFile = '', keyFile = '' } = options;
  if (!tls) return credentials.createInsecure();
  const [ca, key, certificate] = [read(caFile), read(keyFile), read(certificateFile)];
  try {
    return credentials.createSsl(ca, key, certificate);
  } catch (cause) {
    const files = [caFile, certificateFile, keyFile].filter((file) => file !== '').join(', ');
    throw new PalateError('TLS_INVALID', `TLS cannot be spoken with ${files}: ${String(cause)}.`, { cause });
  }
}

/** The name that the server's certificate has to have, where it is not that of the address. */
export function channelOptions({ serverName = '' }: ConnectionOptions = {}): ChannelOptions {
  return serverName === '' ? {} : { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName };
}

/**
 * The header `authorization` of each call; undefined: there is no token. One in a file is read again when the file changes.
 *
 * @throws PalateError INPUT_UNREADABLE
 */
export function authorizationOf({ token = '', tokenFile = '' }: ConnectionOptions = {}): () => string | undefined {
  if (tokenFile === '') {
    const header = token === '' ? undefined : `Bearer ${token}`;
    return () => header;
  }
  let header = '';
  let changedAt = Number.NaN;
  let lookedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - lookedAt < lookMillis) return header;
    lookedAt = now;
    const { mtimeMs } = statSync(tokenFile, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
    if (mtimeMs === changedAt) return header;
    header = `Bearer ${readToken(tokenFile)}`;
    changedAt = mtimeMs;
    return header;
  };
}

function readToken(file: string): string {
  const token = read(file)?.toString('utf8').trim() ?? '';
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new PalateError('INPUT_UNREADABLE', `${file} holds no token.`);
}

function read(file: string): Buffer | null {
  if (file === '') return null;
  try {
    return readFileSync(file);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new PalateError('TLS_INVALID', `${file} cannot be read: ${why}.`, { cause });
  }
}
