import { PalateError } from '../../errors.ts';

/** The time of day somewhere. */
export interface LocalTime {
  /** 0 to 23. */
  readonly hour: number;
  /** "monday" to "sunday". */
  readonly weekday: string;
}

/** Zones kept at most; there are about 600, and each costs far more to set up than to ask. */
const maxZones = 1_024;
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Hour and weekday at a time, in milliseconds since 1970, in a zone of the IANA database; '' is UTC.
 * @throws PalateError INVALID_REQUEST, field `time_zone`: there is no such zone.
 */
export function localTime(timeZone: string, atMillis: number): LocalTime {
  let hour = 0;
  let weekday = '';
  for (const { type, value } of formatFor(timeZone).formatToParts(atMillis)) {
    if (type === 'hour') hour = Number(value);
    if (type === 'weekday') weekday = value.toLowerCase();
  }
  return { hour, weekday };
}

/**
 * Tells early whether a zone can be asked for.
 * @throws PalateError INVALID_REQUEST, field `time_zone`.
 */
export function checkTimeZone(timeZone: string): void {
  formatFor(timeZone);
}

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const kept = formats.get(timeZone);
  if (kept !== undefined) return kept;
  const format = newFormat(timeZone);
  if (formats.size >= maxZones) formats.delete(formats.keys().next().value!);
  formats.set(timeZone, format);
  return format;
}

function newFormat(timeZone: string): Intl.DateTimeFormat {
  // Some engines take offsets too; the contract has names only.
  if (/^[+-]/.test(timeZone)) throw invalidZone(timeZone);
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: timeZone || 'UTC',
      hour: 'numeric',
      hourCycle: 'h23',
      weekday: 'long',
    });
  } catch (cause) {
    throw invalidZone(timeZone, cause);
  }
}

function invalidZone(timeZone: string, cause?: unknown): PalateError {
  const description = `${JSON.stringify(timeZone)} is not a time zone: use an IANA name such as "Europe/Berlin"`;
  return new PalateError('INVALID_REQUEST', `time_zone: ${description}`, {
    cause,
    violations: [{ field: 'time_zone', description }],
  });
}
