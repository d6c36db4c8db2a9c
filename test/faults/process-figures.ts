/** What a process holds, as Linux tells it. */

import { readdirSync, readFileSync } from 'node:fs';

export interface Held {
  /** Open files, sockets included. */
  readonly handles: number;
  readonly residentMebibytes: number;
}

export function heldBy(pid: number): Held {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  return { handles: readdirSync(`/proc/${pid}/fd`).length, residentMebibytes: kibibytes / 1024 };
}
