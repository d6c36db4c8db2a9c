/** Recognises events that were delivered before, by tenant, across restarts. */

import { DuplicateWindow } from './duplicate-window.ts';

export interface Duplicates {
  /** The window of a tenant; made when it is first written to. */
  of(tenant: string): DuplicateWindow;
}

export function createDuplicates(capacity: number): Duplicates {
  const windows = new Map<string, DuplicateWindow>();
  return {
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
