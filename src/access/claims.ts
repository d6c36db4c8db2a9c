import type { JWTPayload } from 'jose';

/**
 * The words of a claim: the texts of a list, or those of one text between its spaces (RFC 8693, section 4.2, has `scope` so).
 * Undefined: there is no such claim, or it is something else.
 *
 * @param path the claim's whole name, or a path with dots through objects.
 */
export function wordsOf(payload: JWTPayload, path: string): readonly string[] | undefined {
  const value = Object.hasOwn(payload, path) ? payload[path] : valueAt(payload, path.split('.'));
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value;
  return undefined;
}

function valueAt(payload: unknown, steps: readonly string[]): unknown {
  let value = payload;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
