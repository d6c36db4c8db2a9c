import { fromJson } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { PalateError } from '../errors.ts';
import { microsOf, timestampOf } from '../events/timestamp.ts';
import type { JournalPlace, JournalReader } from '../journal/journal.ts';

/** The option of commands that can ask for a past answer. */
export const asOfOption = {
  'as-of': {
    type: 'string',
    value: 'SEQ|TIME',
    description: 'Answer as of a past moment: a sequence, or a time such as 2026-05-01T12:00:00Z.',
  },
} as const;

/** The field `as_of` of a request; none where the option was not given. Throws USAGE. */
export function asOfField(text: string | undefined) {
  if (text === undefined) return {};
  const place = parsePlace(text);
  const moment =
    'sequence' in place
      ? ({ case: 'sequence', value: BigInt(place.sequence) } as const)
      : ({ case: 'time', value: timestampOf(place.appendedAtMicros) } as const);
  return { asOf: { moment } };
}

/**
 * The last sequence at a place that a person named: a sequence or a time; undefined: the end of the journal.
 * @throws PalateError USAGE, SEQUENCE_UNAVAILABLE where it lies beyond the end.
 */
export async function sequenceUntil(reader: JournalReader, text: string | undefined): Promise<number> {
  const { lastSequence: end } = await reader.status();
  if (text === undefined) return end;
  const place = parsePlace(text);
  if ('sequence' in place && place.sequence > end) {
    throw new PalateError('SEQUENCE_UNAVAILABLE', `the journal ends at sequence ${end}; asked for ${place.sequence}`);
  }
  return reader.lastUntil(place, { includeUnproven: true });
}

function parsePlace(text: string): JournalPlace {
  if (/^\d{1,15}$/.test(text)) return { sequence: Number(text) };
  try {
    return { appendedAtMicros: microsOf(fromJson(TimestampSchema, text)) };
  } catch (cause) {
    const message = `a moment is a sequence or a time such as 2026-05-01T12:00:00Z, not ${JSON.stringify(text)}`;
    throw new PalateError('USAGE', message, { cause });
  }
}
