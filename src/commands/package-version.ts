import { readFileSync } from 'node:fs';
import { PalateError } from '../errors.ts';

/** The version in the nearest package.json of that name: this file lies at one depth in the sources, at another when built. */
export function packageVersion(): string {
  for (const up of ['../..', '../../..', '..']) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(`${up}/package.json`, import.meta.url), 'utf8'));
      if (isPackage(found)) return found.version;
    } catch {
      // Not at this depth.
    }
  }
  throw new PalateError('INTERNAL', 'package.json of palate was not found.');
}

function isPackage(found: unknown): found is { name: 'palate'; version: string } {
  if (typeof found !== 'object' || found === null) return false;
  return 'name' in found && found.name === 'palate' && 'version' in found && typeof found.version === 'string';
}
