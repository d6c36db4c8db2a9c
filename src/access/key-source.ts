import { readFile } from 'node:fs/promises';
import type { JSONWebKeySet } from 'jose';

/** Reads a key set from where it is. Throws an Error that says what is wrong with it. */
export type ReadKeys = () => Promise<JSONWebKeySet>;

/** A key set has a few keys of some hundred bytes each. */
const maxBytes = 1024 * 1024;

/** From a file. */
export function keysFromFile(file: string): ReadKeys {
  return async () => parseKeys(await readFile(file, 'utf8'));
}

/** From an address, which has to answer 200 itself. */
export function keysFromUrl(url: string, timeoutMillis: number): ReadKeys {
  return async () => {
    const signal = AbortSignal.timeout(timeoutMillis);
    const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`it answered ${response.status}`);
    }
    return parseKeys(await boundedText(response));
  };
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Of each key only what others may know is kept, and keys that sign and check alike are left out. */
function parseKeys(text: string): JSONWebKeySet {
  const set = JSON.parse(text) as Partial<JSONWebKeySet> | null;
  if (!Array.isArray(set?.keys)) throw new Error('it is no JSON Web Key Set: it has no list of keys');
  const keys = set.keys.filter(({ kty }) => kty !== 'oct').map(({ d: _, ...known }) => known);
  if (keys.length === 0) throw new Error('it has no public key');
  return { keys } as JSONWebKeySet;
}
