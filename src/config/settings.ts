/**
 * The building blocks of the configuration's schema. Each makes a zod schema for one key, with its default, and notes in
 * a registry what a person needs to know about it: kind, description, what is allowed. Errors, `palate config
 * --describe` and the decoding of environment variables all read that note.
 */
import * as z from 'zod';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts';

export type SettingKind =
  | 'text'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'duration'
  | 'size'
  | 'choice'
  | 'list'
  | 'structure';

/** What is known of a key beside its zod schema. */
export interface SettingNote {
  readonly kind: SettingKind;
  readonly description: string;
  /** Completes "it must be …". */
  readonly allowed: string;
  /** The default in the form a person writes; undefined where the key has to be given. */
  readonly default?: unknown;
  /** Name of the command line flag that sets it, without dashes. */
  readonly flag?: string;
  /** What people are shown in place of a secret. */
  readonly hide?: (value: string) => string;
}

/** The note of every key, by its schema. */
export const settingNotes = z.registry<SettingNote>();

declare const unit: unique symbol;
/** Marks a duration, so that its key gets `Millis` at its end in the typed configuration. */
type Millis = number & { readonly [unit]: 'millis' };

/** The typed form of a section: `timeout: '30s'` becomes `timeoutMillis: number`, and everything is read-only. */
export type Settled<T> = T extends Millis
  ? number
  : T extends readonly (infer Element)[]
    ? readonly Settled<Element>[]
    : T extends object
      ? { readonly [Key in keyof T as SettledKey<Key, T[Key]>]: Settled<T[Key]> }
      : T;

type SettledKey<Key, Value> = [Extract<Value, Millis>] extends [never] ? Key : `${Key & string}Millis`;

interface About<Default> {
  readonly description: string;
  readonly default: Default;
  readonly flag?: string;
}

interface Range<Amount> {
  readonly min?: Amount;
  readonly max?: Amount;
}

/** A string; `pattern` narrows it and `allowed` says how. */
export function text(
  about: Omit<About<string>, 'default'> & { default?: string; pattern?: RegExp; allowed?: string },
): z.ZodType<string, string | undefined> {
  const { pattern, allowed = 'a text', ...rest } = about;
  return noted(z.string().regex(pattern ?? /^/), { kind: 'text', allowed, ...rest });
}

/** Stands where a secret is not shown. What was printed with it can't be taken for the secret. */
export const hidden = '[hidden]';

/** A string that no command, error or log shows. `hide` leaves what may be seen of it; by default nothing. */
export function secret(
  about: Parameters<typeof text>[0] & { readonly hide?: (value: string) => string },
): z.ZodType<string, string | undefined> {
  const { pattern = /^/, allowed = 'a text', hide = () => hidden, ...rest } = about;
  const own = z
    .string()
    .regex(pattern)
    .refine((value) => !value.includes(hidden));
  const note = { ...rest, allowed: `${allowed}, and not the ${hidden} that stands in its place where it is shown` };
  return noted(own, { kind: 'text', hide: (value) => (value === '' ? '' : hide(value)), ...note });
}

export function integer(about: About<number> & Range<number>): z.ZodType<number, number | undefined> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, ...rest } = about;
  const allowed = max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number, ${min} to ${max}`;
  return noted(z.int().min(min).max(max), { kind: 'integer', allowed, ...rest });
}

export function number(about: About<number> & Range<number>): z.ZodType<number, number | undefined> {
  const { min = 0, max = Number.MAX_VALUE, ...rest } = about;
  const allowed = max === Number.MAX_VALUE ? `a number from ${min}` : `a number, ${min} to ${max}`;
  return noted(z.number().min(min).max(max), { kind: 'number', allowed, ...rest });
}

export function boolean(about: About<boolean>): z.ZodType<boolean, boolean | undefined> {
  return noted(z.boolean(), { kind: 'boolean', allowed: 'true or false', ...about });
}

/** One of a closed list of words. */
export function choice<const Word extends string>(
  words: readonly [Word, ...Word[]],
  about: Omit<About<Word>, 'default'> & { default?: Word },
): z.ZodType<Word, Word | undefined> {
  return noted(z.enum(words), { kind: 'choice', allowed: `${or(words)}`, ...about });
}

/** A list of distinct words, each from a closed list. */
export function choices<const Word extends string>(
  words: readonly [Word, ...Word[]],
  about: About<readonly Word[]>,
): z.ZodType<readonly Word[], readonly Word[] | undefined> {
  const schema = z
    .array(z.enum(words))
    .min(1)
    .transform((list) => [...new Set(list)]);
  return noted(schema, { kind: 'list', allowed: `a list of ${or(words)}, at least one`, ...about });
}

/** A list of strings that match `pattern`. */
export function texts(
  about: About<readonly string[]> & { pattern: RegExp; allowed: string },
): z.ZodType<readonly string[], readonly string[] | undefined> {
  const { pattern, ...rest } = about;
  return noted(z.array(z.string().regex(pattern)), { kind: 'list', ...rest });
}

/** `30s`, `1h30m`, or a number of milliseconds. Its key ends in `Millis` in the typed configuration. */
export function duration(about: About<string> & Range<string>): z.ZodType<Millis, string | number | undefined> {
  const { min = '0ms', max, ...rest } = about;
  const [minMillis, maxMillis] = [parseDuration(min) ?? 0, parseDuration(max) ?? Number.MAX_SAFE_INTEGER];
  const allowed = `a duration such as 30s or 5m${bounds(minMillis, max && maxMillis, formatDuration)}`;
  return noted(amount<Millis>(parseDuration, minMillis, maxMillis), { kind: 'duration', allowed, ...rest });
}

/** As `duration`; the word `unlimited` gives undefined. */
export function durationOrUnlimited(
  about: About<string> & Range<string>,
): z.ZodType<Millis | undefined, string | number | undefined> {
  const { min = '0ms', max, ...rest } = about;
  const [minMillis, maxMillis] = [parseDuration(min) ?? 0, parseDuration(max) ?? Number.MAX_SAFE_INTEGER];
  const unlimited = z.literal('unlimited').transform(() => undefined);
  const allowed = `a duration such as 30s or 5m${bounds(minMillis, max && maxMillis, formatDuration)}, or unlimited`;
  return noted(z.union([unlimited, amount<Millis>(parseDuration, minMillis, maxMillis)]), {
    kind: 'duration',
    allowed,
    ...rest,
  });
}

/** `20MiB`, or a number of bytes. By custom its key ends in `Bytes`, in the file too. */
export function size(about: About<string> & Range<string>): z.ZodType<number, string | number | undefined> {
  const { min = '1', max, ...rest } = about;
  const [minBytes, maxBytes] = [parseSize(min) ?? 1, parseSize(max) ?? Number.MAX_SAFE_INTEGER];
  const allowed = `a size such as 64KiB or 20MiB${bounds(minBytes, max && maxBytes, formatSize)}`;
  return noted(amount<number>(parseSize, minBytes, maxBytes), { kind: 'size', allowed, ...rest });
}

/** Anything with keys or elements of its own: a list of objects, a map. Its default is in the file's form. */
export function structure<Schema extends z.ZodType>(
  schema: Schema,
  about: Omit<SettingNote, 'kind' | 'flag'>,
): z.ZodType<z.output<Schema>, z.input<Schema> | undefined> {
  return noted(schema as z.ZodType<z.output<Schema>, z.input<Schema>>, { kind: 'structure', ...about });
}

/** A group of keys. An unknown key is an error; a missing group holds its defaults. */
export function section<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodType<Settled<z.output<z.ZodObject<Shape>>>, z.input<z.ZodObject<Shape>> | undefined> {
  return entries(shape).prefault({} as never);
}

/** As `section`, for an object that has to be there: an element of a list, a value of a map. */
export function entries<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodType<Settled<z.output<z.ZodObject<Shape>>>, z.input<z.ZodObject<Shape>>> {
  return z.strictObject(shape).transform((raw) => settle(shape, raw)) as never;
}

/** Renames the durations of a group: their values are milliseconds now, and the key says so. */
function settle(shape: z.ZodRawShape, raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const renamed = ([key, value]: [string, unknown]): [string, unknown] => {
    const schema = shape[key];
    const kind = schema instanceof z.ZodType ? settingNotes.get(schema)?.kind : undefined;
    return [kind === 'duration' ? `${key}Millis` : key, value];
  };
  return Object.fromEntries(Object.entries(raw).map(renamed));
}

/** Gives a schema its default and its note. A key without a default has to be given. */
function noted<Out, In>(schema: z.ZodType<Out, In>, note: SettingNote): z.ZodType<Out, In | undefined> {
  // A copy where there is no default: a note belongs to one key, not to a schema that several may share.
  const withDefault = note.default === undefined ? schema.clone() : schema.prefault(note.default as never);
  settingNotes.add(withDefault, note);
  return withDefault as z.ZodType<Out, In | undefined>;
}

function amount<Out extends number>(
  parse: (raw: unknown) => number | undefined,
  min: number,
  max: number,
): z.ZodType<Out, string | number> {
  return z.union([z.string(), z.number()]).transform((raw, context) => {
    const parsed = parse(raw);
    if (parsed !== undefined && parsed >= min && parsed <= max) return parsed as Out;
    context.issues.push({ code: 'custom', input: raw, message: '' });
    return z.NEVER;
  });
}

function bounds(min: number, max: number | '' | undefined, format: (amount: number) => string): string {
  const upper = max === undefined || max === '' ? '' : `, at most ${format(max)}`;
  return `${min > 1 ? `, at least ${format(min)}` : ''}${upper}`;
}

function or(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
