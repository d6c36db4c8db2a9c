import { createHash } from 'node:crypto';
import type { FoldSettings } from '../fold/settings.ts';

/** 64 hex digits that are equal for equal settings: under others the same journal leads to another state. */
export function settingsFingerprint(settings: FoldSettings): string {
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}
