import type { IncomingMessage, ServerResponse } from 'node:http';
import { codeToHttpStatus, errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import type { Authorize } from '../../access/authorize.ts';
import { isPalateError, type PalateError } from '../../errors.ts';
import { challengeOf, toConnectError } from './connect-error.ts';
import { sendJson } from './not-found.ts';
import { certificateNamesOf, connectionOf } from './peer-certificate.ts';

/** Asks the rule of calls about a page. False: it was refused, and has its answer. */
export async function mayOpen(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  authorize: Authorize,
): Promise<boolean> {
  const { headers, socket } = request;
  try {
    await authorize({
      method: path,
      tenant: undefined,
      get: (name) => String(headers[name] ?? '') || undefined,
      peer: () => `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`,
      certificateNames: () => certificateNamesOf(connectionOf(request)),
    });
    return true;
  } catch (error) {
    if (!isPalateError(error)) throw error;
    refuse(response, error);
    return false;
  }
}

function refuse(response: ServerResponse, error: PalateError): void {
  const challenge = challengeOf(error);
  if (challenge !== undefined) response.setHeader('www-authenticate', challenge);
  const answer = toConnectError(error, undefined);
  sendJson(response, codeToHttpStatus(answer.code), errorToJsonBytes(answer, undefined));
}
