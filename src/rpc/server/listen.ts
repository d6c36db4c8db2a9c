import type { Server } from 'node:net';
import { PalateError } from '../../errors.ts';

/**
 * Binds a server to an address.
 *
 * @throws PalateError ADDRESS_IN_USE, which names host and port; CONFIG_INVALID where the address cannot be bound at all.
 */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void => reject(listenError(cause, host, port));
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): PalateError {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  if (cause.code === 'EADDRINUSE') {
    return new PalateError('ADDRESS_IN_USE', `${address} is in use.`, { cause });
  }
  return new PalateError('CONFIG_INVALID', `cannot listen on ${address}: ${cause.message}`, { cause });
}
