/** Opens the store of the photos: a folder, or a bucket of S3. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { openDiskObjectStore, unfinished } from '../storage/objects/disk-object-store.ts';
import { movedObjectStore } from '../storage/objects/moved-object-store.ts';
import type { ObjectStore } from '../storage/objects/object-store.ts';
import { createObjectWriter } from '../storage/objects/object-writer.ts';
import type { Log } from '../telemetry/log.ts';

export interface PhotoStore {
  readonly objects: ObjectStore;
  /** Where it is, for people. */
  readonly place: string;
  /** Photos that are written at once, at most. */
  readonly concurrency: number;
  close(): Promise<void>;
}

/** A write to the disk holds one of the process's few threads for files, which decoding needs too. */
const writesToDisk = 2;
/** A write over the network waits most of its time. */
const mostWritesToS3 = 16;
/** Behind an attempt to reach the bucket that failed. */
const restMillis = 1_000;

/** @throws PalateError CONFIG_INVALID, STORAGE_FAILED */
export function openPhotoStore(config: Config, log: Log): Promise<PhotoStore> {
  const folder = join(config.dataFolder, 'objects');
  return config.storage.objects.kind === 's3' ? openS3(config, folder, log) : openDisk(folder, log);
}

async function openDisk(folder: string, log: Log): Promise<PhotoStore> {
  const writer = createObjectWriter(log);
  const objects = await openDiskObjectStore(folder, (object) => writer.write(object));
  return { objects, place: folder, concurrency: writesToDisk, close: () => writer.stop() };
}

/** Its client is loaded only here: it is large. */
async function openS3({ storage: { s3 } }: Config, folder: string, log: Log): Promise<PhotoStore> {
  const [{ openS3ObjectStore }, { openWhenReachable }] = await Promise.all([
    import('../storage/objects/s3-object-store.ts'),
    import('../storage/objects/late-object-store.ts'),
  ]);
  const { accessKeyId, secretAccessKey, pathStyle, createBucket, ...rest } = s3;
  const options = {
    ...rest,
    hasPathStyle: pathStyle,
    createsBucket: createBucket,
    credentials: accessKeyId === '' ? undefined : { accessKeyId, secretAccessKey },
    log,
  };
  const store = await openWhenReachable(() => openS3ObjectStore(options), { restMillis, log });
  const place = `s3://${[s3.bucket, s3.prefix].filter((part) => part !== '').join('/')} at ${s3.endpoint || s3.region}`;
  return {
    objects: hasPhotos(folder) ? await withThoseOf(folder, store, log) : store,
    place,
    concurrency: Math.max(1, Math.min(mostWritesToS3, s3.maxConnections >> 1)),
    close: async () => store.close(),
  };
}

async function withThoseOf(folder: string, store: ObjectStore, log: Log): Promise<ObjectStore> {
  const message =
    'there are photos in the data folder still: move them into the bucket; till then they are found in both';
  log.warn({ folder }, message);
  return movedObjectStore(store, await openDiskObjectStore(folder));
}

function hasPhotos(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => name !== unfinished);
}
