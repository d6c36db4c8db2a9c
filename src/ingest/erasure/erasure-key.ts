/** The secret of a data folder, without which nobody can tell whose digest a digest is. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PalateError } from '../../errors.ts';
import { readIfThere, writeDurably } from '../../files/durable-file.ts';

const keyBytes = 32;

/**
 * Reads `erasure.key`, 64 hexadecimal digits, or makes it where there is none.
 * Rejects with ERASURE_KEY_WRONG where the file holds something else, DATA_UNWRITABLE, INPUT_UNREADABLE.
 */
export async function loadErasureKey(folder: string): Promise<Uint8Array> {
  const path = join(folder, 'erasure.key');
  const text = await readIfThere(path);
  if (text !== undefined) return parseKey(path, text);
  const key = randomBytes(keyBytes);
  await writeDurably(path, `${key.toString('hex')}\n`);
  return key;
}

function parseKey(path: string, text: string): Uint8Array {
  const digits = text.trim();
  if (/^[0-9a-f]{64}$/.test(digits)) return Buffer.from(digits, 'hex');
  throw new PalateError('ERASURE_KEY_WRONG', `${path} holds no key of 64 hexadecimal digits`);
}
