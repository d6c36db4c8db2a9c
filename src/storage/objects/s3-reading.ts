/** Reading an object to its end, however often the answer breaks off. */

import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { isMissing } from './s3-errors.ts';
import type { S3Options } from './s3-options.ts';

export interface Address {
  readonly Bucket: string;
  readonly Key: string;
}

/** An object moves at least so fast, in bytes a millisecond. */
const leastSpeed = 1_048_576 / 1_000;
const firstPauseMillis = 100;

/** The time for a call that moves so many bytes. */
export function timeFor(bytes: number, timeoutMillis: number): number {
  return timeoutMillis + Math.ceil(bytes / leastSpeed);
}

/**
 * The bytes of an object; undefined: it is not there. The client itself tries again until an answer begins; one that breaks
 * off behind that is asked for again here.
 */
export async function readObject(
  client: S3Client,
  address: Address,
  { timeoutMillis, maxAttempts }: Pick<S3Options, 'timeoutMillis' | 'maxAttempts'>,
): Promise<Uint8Array | undefined> {
  for (let attempt = 1; ; attempt++) {
    const answer = await begin(client, address, timeoutMillis);
    if (answer === undefined) return undefined;
    const read = await readBody(answer, timeoutMillis);
    if (read.bytes !== undefined) return read.bytes;
    if (read.isLate || attempt >= maxAttempts) throw read.error;
    await sleep(firstPauseMillis * 2 ** (attempt - 1));
  }
}

type Answer = Exclude<Awaited<ReturnType<typeof begin>>, undefined>;

async function begin(client: S3Client, address: Address, timeoutMillis: number) {
  try {
    const abortSignal = AbortSignal.timeout(timeoutMillis);
    const { Body, ContentLength = 0 } = await client.send(new GetObjectCommand(address), { abortSignal });
    return Body && { body: Body, bytes: ContentLength };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

interface Read {
  /** Undefined: it broke off. */
  readonly bytes?: Uint8Array;
  readonly isLate?: boolean;
  readonly error?: unknown;
}

async function readBody({ body, bytes }: Answer, timeoutMillis: number): Promise<Read> {
  const late = AbortSignal.timeout(timeFor(bytes, timeoutMillis));
  try {
    return { bytes: await Promise.race([body.transformToByteArray(), rejection(late)]) };
  } catch (error) {
    return { isLate: late.aborted, error };
  } finally {
    if ('destroy' in body) body.destroy();
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}
