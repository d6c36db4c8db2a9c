import type { IncomingMessage, ServerResponse } from 'node:http';
import { cors as connectCors } from '@connectrpc/connect';
import { tenantHeader } from '../../access/tenant.ts';

/** Sets the headers of an answer to another origin's page. True: it was a preflight, and has its answer. */
export type Cors = (request: IncomingMessage, response: ServerResponse) => boolean;

const methods = connectCors.allowedMethods.join(', ');
const allowed = [...connectCors.allowedHeaders, tenantHeader, 'authorization', 'traceparent', 'tracestate'].join(', ');
const exposed = connectCors.exposedHeaders.join(', ');

/**
 * Cross-origin rules (https://fetch.spec.whatwg.org/#http-cors-protocol).
 *
 * @param origins whose pages may call, or '*'. Empty: only pages of this server, which need no permission.
 */
export function createCors(origins: readonly string[]): Cors {
  const anyone = origins.includes('*');
  const known = new Set(origins);
  return (request, response) => {
    const { origin } = request.headers;
    const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    if (origin !== undefined && (anyone || known.has(origin))) permit(response, anyone ? '*' : origin, isPreflight);
    if (isPreflight) response.writeHead(204).end();
    return isPreflight;
  };
}

function permit(response: ServerResponse, origin: string, isPreflight: boolean): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', exposed);
  if (origin !== '*') response.setHeader('vary', 'Origin');
  if (!isPreflight) return;
  response.setHeader('access-control-allow-methods', methods);
  response.setHeader('access-control-allow-headers', allowed);
  response.setHeader('access-control-max-age', '7200');
}
