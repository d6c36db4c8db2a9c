/** Names a photo: by what is in it, and by an id of its own should it be new. */

import { createHash, hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { newUuid } from '../../events/uuid.ts';

export interface Identity {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** A new UUID of version 7; a photo that is known keeps the one that it got first. */
  readonly imageId: string;
}

/** So much is hashed in a turn of the event loop: 0.6 ms with the processor's own instructions for it. */
const sliceBytes = 1024 * 1024;

/**
 * Hashes a photo, on this thread: for 16 MiB, to hand them to another (`crypto.subtle`) keeps this one busy for as long as
 * to hash them, 10 ms, since they are copied. A large one is hashed slice by slice, so that others have their turn.
 */
export async function identify(bytes: Uint8Array): Promise<Identity> {
  const sha256 = bytes.length <= sliceBytes ? hash('sha256', bytes, 'hex') : await hashInSlices(bytes);
  return { sha256, imageId: newUuid() };
}

async function hashInSlices(bytes: Uint8Array): Promise<string> {
  const running = createHash('sha256');
  for (let at = 0; at < bytes.length; at += sliceBytes) {
    running.update(bytes.subarray(at, at + sliceBytes));
    await nextTurn();
  }
  return running.digest('hex');
}
