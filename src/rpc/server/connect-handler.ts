import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRegistry } from '@bufbuild/protobuf';
import { type ContextValues, createConnectRouter, createContextValues } from '@connectrpc/connect';
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import { file_google_rpc_error_details } from '../../../gen/google/rpc/error_details_pb.ts';
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
    response.once('finish', () => readOn(request));
    // In a promise from the start: a Host header that is no host makes the conversion throw.
    Promise.resolve()
      .then(() => handler(universalRequestOf(request, response, values)))
      .then((answer) => explainRefusal(answer, onRefused))
      .then((answer) => universalResponseToNodeResponse(answer, response))
      .catch((err: unknown) => giveUp(err, path, response, context));
    return true;
  };
}

/** The request as Connect reads it, which may stop half-way without ending the connection. */
function universalRequestOf(request: IncomingMessage, response: ServerResponse, values: ContextValues) {
  const universal = universalRequestFromNodeRequest(request, response, undefined, values);
  return { ...universal, body: request.iterator({ destroyOnReturn: false }) };
}

/**
 * A body that was given up half-read holds up its connection: the next request on it would wait until both sides lose
 * patience. So the rest is read and dropped, for as long as a request may take.
 */
function readOn(request: IncomingMessage): void {
  if (request.readableEnded) return;
  request.removeAllListeners('readable');
  request.resume();
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
  const files = new Set(methods.map(({ method }) => method.parent.file));
  const registry = createRegistry(file_google_rpc_error_details, ...files);
  const router = createConnectRouter({
    grpc: false,
    acceptCompression: [compressionGzip],
    compressMinBytes: 1_024,
    readMaxBytes: options.receiveMaxBytes,
    writeMaxBytes: options.sendMaxBytes,
    // A message may hold any other: a status its details.
    jsonOptions: { alwaysEmitImplicit: true, ignoreUnknownFields: false, registry },
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
