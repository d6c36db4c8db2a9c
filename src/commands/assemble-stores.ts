/** Opens what the scorer keeps: its photos, and what is known of them. */

import { mkdir } from 'node:fs/promises';
import type { Config } from '../config.ts';
import type { Part } from '../lifecycle.ts';
import { type WatchedRecords, watchRecords } from '../scoring/projection/watched-records.ts';
import type { SharedFlight } from '../storage/records/shared-flight.ts';
import { type AskedRecords, writeBehind } from '../storage/records/write-behind.ts';
import type { Log } from '../telemetry/log.ts';
import { openPhotoStore, type PhotoStore } from './assemble-photo-store.ts';
import { openRecordStore, type RecordStore } from './assemble-record-store.ts';

export interface ScoringStores {
  readonly photos: Omit<PhotoStore, 'close'>;
  /** What the journal tells of photos goes here; a store that fails is an error. */
  readonly kept: WatchedRecords;
  /** The same for callers: what was put a moment ago is there. */
  readonly asked: AskedRecords;
  /** The same for the way of a photo, which is answered whatever becomes of the store. */
  readonly onTheWay: Pick<AskedRecords, 'find' | 'put'>;
  /** What other scorers are at; undefined: they share nothing. */
  readonly flight: Pick<SharedFlight, 'share'> | undefined;
  /** Where things are kept, for people. */
  readonly places: { readonly photos: string; readonly records: string };
  /** To be started first of the scorer's, and so stopped last. */
  readonly part: Part & { stop(): Promise<void> };
}

/** @param folder of what the scorer keeps beside its photos @throws PalateError CONFIG_INVALID, STORAGE_FAILED */
export async function openStores(config: Config, folder: string, log: Log): Promise<ScoringStores> {
  await mkdir(folder, { recursive: true });
  const photos = await openPhotoStore(config, log);
  try {
    const store = await openRecordStore(config, folder, log);
    const kept = watchRecords(store.records);
    const asked = writeBehind(kept.records, { log });
    const places = { photos: photos.place, records: store.place };
    log.info(places, 'photos and what is known of them are kept');
    const part = { name: 'what is known of photos', stop: () => close(photos, store, asked) };
    const flight = store.flight && landingWith(asked, store.flight);
    return { photos, kept, asked, onTheWay: store.onTheWay(asked), flight, places, part };
  } catch (error) {
    await photos.close();
    throw error;
  }
}

/** What was found has landed when others see it too. */
function landingWith(asked: AskedRecords, shared: SharedFlight): Pick<SharedFlight, 'share'> {
  return { share: (key, flight) => shared.share(key, { ...flight, settled: () => asked.settled() }) };
}

async function close(photos: PhotoStore, { flight }: RecordStore, asked: AskedRecords): Promise<void> {
  await photos.close();
  flight?.close();
  await asked.close();
}
