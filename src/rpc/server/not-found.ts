import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { statusCodes } from '../../errors.ts';
import { observeEnd, observeStart, otherMethod } from '../interceptors/observation.ts';
import { unknownMethod } from '../prepare.ts';
import { wireMessage } from '../status.ts';
import { statusDetailsBytes } from '../status-bytes.ts';
import { toConnectError } from './connect-error.ts';

/** `/package.Service/Method` */
const methodPath = /^\/[A-Za-z_][\w.]*\/\w+$/;

/**
 * Answers a path where nothing is. A call to a method that is not there gets UNIMPLEMENTED in its own protocol; anything
 * else a page that is not there.
 */
export function answerNotFound(request: IncomingMessage, response: ServerResponse, path: string): void {
  request.resume();
  const isCall = request.method === 'POST' && methodPath.test(path);
  if (!isCall) {
    sendJson(
      response,
      404,
      JSON.stringify({ code: 'not_found', message: `nothing is served at ${path.slice(0, 200)}` }),
    );
    return;
  }
  const error = unknownMethod(path);
  observeEnd(observeStart(), otherMethod, error.code, 'http');
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('application/grpc-web')) {
    sendJson(response, 501, errorToJsonBytes(toConnectError(error, undefined), undefined));
    return;
  }
  response.writeHead(200, {
    'content-type': type,
    'grpc-status': statusCodes[error.code],
    'grpc-message': encodeURI(wireMessage(error)),
    'grpc-status-details-bin': Buffer.from(statusDetailsBytes(error)).toString('base64'),
  });
  response.end();
}

/** Sends a JSON text. */
export function sendJson(response: ServerResponse, status: number, json: string | Uint8Array): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
  response.end(json);
}
