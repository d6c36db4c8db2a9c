/** Recognises events that were delivered before, by tenant, across restarts. */

import { DuplicateWindow } from './duplicate-window.ts';

export interface Duplicates {
  /** The window of a tenant; made when it is first written to. */
  of(tenant: string): DuplicateWindow;
  /** Makes it the window of a tenant, in place of the one that it has. */
  put(tenant: string, window: DuplicateWindow): void;
  /** Each with its tenant. */
  all(): readonly (readonly [tenant: string, DuplicateWindow])[];
  /** Whether the tenant has one. */
  has(tenant: string): boolean;
  /** How many have one. */
  readonly tenants: number;
}

export function createDuplicates(capacity: number): Duplicates {
  const windows = new Map<string, DuplicateWindow>();
  return {
    has: (tenant) => windows.has(tenant),
    put: (tenant, window) => void windows.set(tenant, window),
    all: () => [...windows],
    get tenants() {
      return windows.size;
    },
    of(tenant) {
      let window = windows.get(tenant);
      if (window === undefined) {
        window = new DuplicateWindow(capacity);
        windows.set(tenant, window);
      }
      return window;
    },
  };
}
