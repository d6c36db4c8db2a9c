import type { IncomingMessage } from 'node:http';
import { PalateError } from '../../errors.ts';

/**
 * Reads an answer's body, into memory of its own. Stops at the first byte that is too much.
 * @throws PalateError TOO_LARGE, URI_FAILED; also what the connection failed with.
 */
export async function readBody(response: IncomingMessage, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  // Unpacking is where a few bytes become many, and nobody packs photos.
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity')
    throw new PalateError('URI_FAILED', 'the photo came in a content encoding');
  if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return joined(chunks, length);
}

/** A photo of more bytes than are taken. */
export function tooLarge(maxBytes: number): PalateError {
  return new PalateError('TOO_LARGE', `the photo has more than ${maxBytes} bytes`);
}

/** Not `Buffer.concat`: it takes small ones from a pool, and what lies in a pool can't be handed to another thread. */
function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
