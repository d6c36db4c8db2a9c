/**
 * What never reaches a log: secrets at any depth, bytes, and who somebody is. Lines are written without people's ids in the first
 * place; where one slips in under its own name, it stops here.
 */
import { describeError } from './describe-error.ts';

const hidden = '[redacted]';

/** Compared without case, `-` and `_`. */
const secretNames = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'token',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'sessiontoken',
  'password',
  'passphrase',
  'secret',
  'clientsecret',
  'apikey',
  'accesskey',
  'accesskeyid',
  'secretaccesskey',
  'privatekey',
  'userid',
  'visitorid',
  'sessionid',
]);

/** Deeper is not written: no useful line is. */
const maxDepth = 8;
const maxElements = 100;

/** `user:password@` of an address. */
const credentials = /([a-z][a-z0-9+.-]*:\/\/)[^/?#\s@"']*@/gi;
/** What follows the `?` of an address: signatures and keys, of photos above all. */
const queries = /([a-z][a-z0-9+.-]*:\/\/[^?#\s"']*)\?[^\s"'#)]+/gi;
/** As it stands in a header. */
const bearer = /\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}/gi;

/** A text without the secrets that can be told by their form: in addresses, and in what was a header. */
export function redactText(text: string): string {
  const isHarmless = !text.includes('://') && !/bearer|basic/i.test(text);
  if (isHarmless) return text;
  return text.replace(credentials, `$1${hidden}@`).replace(queries, `$1?${hidden}`).replace(bearer, `$1 ${hidden}`);
}

/** What a line says, as it may be written. */
export function cleanFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { error, ...others } = fields;
  // Whatever was thrown is an error.
  const thrown = 'error' in fields ? { error: isPlain(error) ? error : describeError(error) } : {};
  return redact({ ...others, ...thrown }) as Record<string, unknown>;
}

/** A copy without secrets, with sizes in the place of bytes, and with errors described. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return redact(describeError(value), depth + 1);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth === maxDepth) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, maxElements).map((element) => redact(element, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') return redact(value.toJSON(), depth + 1);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, each]) => [key, isSecret(String(key)) ? hidden : redact(each, depth + 1)]),
  );
}

function isSecret(name: string): boolean {
  return secretNames.has(name.replace(/[-_]/g, '').toLowerCase());
}

/** An error of another thread comes as its parts. */
function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Error);
}
