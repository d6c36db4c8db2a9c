import type { IncomingMessage, ServerResponse } from 'node:http';

/** A page: answers a GET or HEAD of its path. */
export type Route = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
