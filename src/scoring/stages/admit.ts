/**
 * The door: bounds how many images, and how many of their bytes, are under way in the process. Who finds no room is told
 * at once, and when to come again; nobody waits here.
 *
 * Tenants share: with n tenants under way, 1/(n+1) of the room is each one's fair share. Up to it a tenant may take whatever
 * is free; above it, only what leaves a reserve for the others. So a tenant alone has nearly all of the room, a newcomer is
 * let in at once, and images leave soon enough that the shares even out.
 */

import { PalateError } from '../../errors.ts';
import type { Clock } from '../batcher/clock.ts';
import { Departures } from './departures.ts';

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly maxImages: number;
  readonly maxBytes: number;
  /** What is kept for tenants below their fair share, 0 to 1 of the room. Default 1/8. */
  readonly reserve?: number;
}

export interface Arrival {
  readonly tenant: string;
  /** As far as they are known; see `Lease.resize`. */
  readonly bytes: number;
  /** Milliseconds since 1970; Infinity: none. */
  readonly deadlineMillis: number;
}

/** An image's room, until it is given back. */
export interface Lease {
  /**
   * From now on it holds so many bytes: the limit before a photo is read from elsewhere, its true size after.
   * @throws PalateError OVERLOADED, TOO_LARGE; then it holds what it held.
   */
  resize(bytes: number): void;
  /** Gives the room back. Again: does nothing. */
  release(): void;
}

interface Load {
  images: number;
  bytes: number;
}

export class Admission {
  readonly #options: Required<AdmissionOptions>;
  readonly #tenants = new Map<string, Load>();
  readonly #departures = new Departures();
  readonly #total: Load = { images: 0, bytes: 0 };

  constructor(options: AdmissionOptions) {
    this.#options = { reserve: 1 / 8, ...options };
  }

  /** What is under way. */
  get underWay(): Readonly<Load> {
    return { ...this.#total };
  }

  /** @throws PalateError DEADLINE_EXCEEDED, OVERLOADED, or TOO_LARGE for more bytes than there is ever room for. */
  admit({ tenant, bytes, deadlineMillis }: Arrival): Lease {
    const { clock } = this.#options;
    if (deadlineMillis <= clock.now()) {
      throw new PalateError('DEADLINE_EXCEEDED', 'the deadline had passed before the photo was looked at');
    }
    this.#makeSure(tenant, { images: 1, bytes });
    if (this.#total.images === 0) this.#departures.begin(clock.now());
    this.#add(tenant, { images: 1, bytes });
    return this.#leaseOf(tenant, bytes);
  }

  #leaseOf(tenant: string, firstBytes: number): Lease {
    let bytes = firstBytes;
    let isHeld = true;
    return {
      resize: (next) => {
        if (!isHeld) return;
        if (next > bytes) this.#makeSure(tenant, { images: 0, bytes: next - bytes });
        this.#add(tenant, { images: 0, bytes: next - bytes });
        bytes = next;
      },
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#add(tenant, { images: -1, bytes: -bytes });
        this.#departures.observe(this.#options.clock.now());
      },
    };
  }

  #add(tenant: string, { images, bytes }: Load): void {
    const held = this.#tenants.get(tenant) ?? { images: 0, bytes: 0 };
    for (const load of [this.#total, held]) {
      load.images += images;
      load.bytes += bytes;
    }
    if (held.images === 0) this.#tenants.delete(tenant);
    else this.#tenants.set(tenant, held);
  }

  #makeSure(tenant: string, more: Load): void {
    const { maxImages, maxBytes } = this.#options;
    if (more.bytes > maxBytes)
      throw new PalateError('TOO_LARGE', `there is room for ${maxBytes} bytes of photos in all`);
    if (this.#hasRoom(tenant, more)) return;
    const { images, bytes } = this.#total;
    const retryAfterMillis = this.#departures.millisUntilLeft(images, this.#options.clock.now());
    const room = `${images} of ${maxImages} images and ${bytes} of ${maxBytes} bytes are under way`;
    throw new PalateError('OVERLOADED', `there is no room for another photo: ${room}`, { retryAfterMillis });
  }

  #hasRoom(tenant: string, more: Load): boolean {
    const { maxImages, maxBytes, reserve } = this.#options;
    const held = this.#tenants.get(tenant);
    const total = plus(this.#total, more);
    const own = plus(held ?? { images: 0, bytes: 0 }, more);
    const isAlone = total.images === own.images;
    const tenants = this.#tenants.size + (held === undefined ? 2 : 1);
    const isFair = own.images <= Math.max(1, maxImages / tenants) && own.bytes <= maxBytes / tenants;
    // The very first image of a tenant that is alone may be as large as it likes.
    const open = isFair || (isAlone && own.images === 1) ? 1 : 1 - reserve;
    return total.images <= maxImages * open && total.bytes <= maxBytes * open;
  }
}

function plus(one: Load, other: Load): Load {
  return { images: one.images + other.images, bytes: one.bytes + other.bytes };
}
