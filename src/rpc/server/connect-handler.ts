import type { IncomingMessage, ServerResponse } from 'node:http';
import { createConnectRouter, createContextValues } from '@connectrpc/connect';
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import type { PalateError } from '../../errors.ts';
import type { PreparedMethod } from '../prepare.ts';
import { explainRefusal } from './connect-refusal.ts';
import {
  type ConnectContext,
  type Encoding,
  type Peer,
  peerKey,
  refused,
  registerRoutes,
  requestGate,
} from './connect-routes.ts';
import { sendJson } from './not-found.ts';
import { certificateNamesOf, connectionOf } from './peer-certificate.ts';

/** Answers a request if its path is a method's. False: the path is something else. */
export type ConnectHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Connect, gRPC-Web and plain JSON over HTTP/1.1. Two routers, one for each encoding of requests, because a method that
 * takes its requests as bytes reads the binary ones with a message that knows no field.
 *
 * connect-node never sends Trailers-Only, so a gRPC client's retry policy would do nothing here; but gRPC needs HTTP/2,
 * which this port does not speak, so no such client comes.
 */
export function createConnectHandler(methods: readonly PreparedMethod[], context: ConnectContext): ConnectHandler {
  const handlers = { json: pathsOf(methods, context, 'json'), binary: pathsOf(methods, context, 'binary') };
  return (request, response) => {
    const url = request.url ?? '';
    const path = url.split('?', 1)[0] ?? '';
    const handler = handlers[encodingOf(request, url)].get(path);
    if (handler === undefined) return false;
    const values = createContextValues().set(peerKey, peerOf(request));
    const onRefused = (error: PalateError): void => refused(values, path, error);
    // In a promise from the start: a Host header that is no host makes the conversion throw.
    Promise.resolve()
      .then(() => handler(universalRequestFromNodeRequest(request, response, undefined, values)))
      .then((answer) => explainRefusal(answer, onRefused))
      .then((answer) => universalResponseToNodeResponse(answer, response))
      .catch((err: unknown) => giveUp(err, path, response, context));
    return true;
  };
}

/** No answer could be made or written: the request is no URL, or the caller has left and its call has been cut off. */
function giveUp(err: unknown, path: string, response: ServerResponse, { log }: ConnectContext): void {
  log.debug({ err, method: path.slice(1) }, 'a request could not be answered');
  if (response.headersSent || response.destroyed) response.destroy();
  else sendJson(response, 400, JSON.stringify({ code: 'invalid_argument', message: 'the request is not one of HTTP' }));
}

function pathsOf(methods: readonly PreparedMethod[], context: ConnectContext, encoding: Encoding) {
  const { options } = context.gate;
  const byPath = new Map(methods.map((prepared) => [prepared.path, prepared]));
  const router = createConnectRouter({
    grpc: false,
    acceptCompression: [compressionGzip],
    compressMinBytes: 1_024,
    readMaxBytes: options.receiveMaxBytes,
    writeMaxBytes: options.sendMaxBytes,
    jsonOptions: { alwaysEmitImplicit: true, ignoreUnknownFields: false },
    requestGate: requestGate(byPath, context),
  });
  registerRoutes(router, methods, context, encoding);
  return new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
}

function encodingOf(request: IncomingMessage, url: string): Encoding {
  if (request.method === 'GET') return /[?&]encoding=json(&|$)/.test(url) ? 'json' : 'binary';
  return /[/+]json\b/.test(request.headers['content-type'] ?? '') ? 'json' : 'binary';
}

function peerOf(request: IncomingMessage): Peer {
  const { socket } = request;
  return {
    address: `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`,
    certificateNames: () => certificateNamesOf(connectionOf(request)),
  };
}
