/** The bucket that objects are kept in: whether it answers, and what it does with what is deleted. */

import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { codeOf, startError } from './s3-errors.ts';
import type { S3Options } from './s3-options.ts';
import type { Address } from './s3-reading.ts';

export interface Bucket {
  readonly client: S3Client;
  /** What is deleted stays readable as an old version, unless that is deleted too. */
  readonly keepsVersions: boolean;
}

/** Finds the bucket, or makes it where that is asked for. @throws PalateError CONFIG_INVALID, STORAGE_FAILED */
export async function openBucket(client: S3Client, options: S3Options): Promise<Bucket> {
  const { bucket, endpoint, region } = options;
  const place = `the bucket ${bucket} at ${endpoint || `AWS in ${region}`}`;
  try {
    await tryOut(client, options);
    return { client, keepsVersions: await keepsVersions(client, options) };
  } catch (error) {
    throw startError(place, error);
  }
}

/** By a listing: what a HEAD is refused with has no name. */
async function tryOut(client: S3Client, { bucket, createsBucket, prefix, timeoutMillis }: S3Options): Promise<void> {
  const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 });
  try {
    await client.send(list, { abortSignal: AbortSignal.timeout(timeoutMillis) });
  } catch (error) {
    if (!createsBucket || codeOf(error) !== 'NoSuchBucket') throw error;
    await create(client, bucket, timeoutMillis);
  }
}

/** Another process may have been faster. */
async function create(client: S3Client, bucket: string, timeoutMillis: number): Promise<void> {
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }), { abortSignal: AbortSignal.timeout(timeoutMillis) });
  } catch (error) {
    if (codeOf(error) !== 'BucketAlreadyOwnedByYou') throw error;
  }
}

/** Servers without versions do not know the question, and credentials may not be allowed to ask it. */
async function keepsVersions(client: S3Client, { bucket, log, timeoutMillis }: S3Options): Promise<boolean> {
  try {
    const question = new GetBucketVersioningCommand({ Bucket: bucket });
    const { Status } = await client.send(question, { abortSignal: AbortSignal.timeout(timeoutMillis) });
    return Status !== undefined;
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'AccessDenied') return ignored(code, error);
    log.warn({ bucket }, 'whether the bucket keeps old versions can not be seen: what is erased may stay as one');
    return false;
  }
}

function ignored(code: string, error: unknown): false {
  if (!['NotImplemented', 'MethodNotAllowed', 'VersioningNotConfigured'].includes(code)) throw error;
  return false;
}

/** Deletes every version of one object, and the marks that say it is deleted. */
export async function deleteVersions(client: S3Client, address: Address, abortSignal: AbortSignal): Promise<void> {
  const { Bucket, Key } = address;
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }), { abortSignal });
    for (const { VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
      await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }), { abortSignal });
    }
    if (!page.IsTruncated) return;
  }
}
