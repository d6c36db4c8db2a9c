import type { IncomingMessage, ServerResponse } from 'node:http';
import { createConnectRouter, createContextValues } from '@connectrpc/connect';
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import type { PreparedMethod } from '../prepare.ts';
import { explainRefusal } from './connect-refusal.ts';
import { type ConnectContext, type Encoding, peerKey, registerRoutes, requestGate } from './connect-routes.ts';

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
    handler(universalRequestFromNodeRequest(request, response, undefined, values))
      .then(explainRefusal)
      .then((answer) => universalResponseToNodeResponse(answer, response))
      .catch((err: unknown) => {
        // The caller left: its call has been cut off, and there is no one to tell.
        context.log.debug({ err, method: path.slice(1) }, 'an answer could not be written');
        response.destroy();
      });
    return true;
  };
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

function peerOf({ socket }: IncomingMessage): string {
  return `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
}
