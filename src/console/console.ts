/** Serves the web page. */

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { page, pageParts } from './page.ts';

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-length': Buffer.byteLength(page),
  // Only the page's own script and style, and calls to this server: whatever an id may contain, nothing else runs.
  'content-security-policy': `default-src 'none'; connect-src 'self'; script-src ${hash(pageParts.script)}; style-src ${hash(pageParts.style)}`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/** Answers GET and HEAD of `/`. */
export function serveConsole(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, headers);
  response.end(request.method === 'HEAD' ? undefined : page);
}
