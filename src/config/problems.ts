/** Says in words what is wrong with a configuration: which key, from where, its value, and what is allowed. */
import type * as z from 'zod';
import { type FieldViolation, PalateError } from '../errors.ts';
import { didYouMean } from './did-you-mean.ts';
import { type SettingNote, settingNotes } from './settings.ts';
import { type Layer, originAt, valueAt } from './tree.ts';
import { keysAt, leavesOf, schemaAt } from './walk.ts';

/** All problems as one CONFIG_INVALID, with a violation for each. */
export function configError(schema: z.ZodType, issues: readonly z.core.$ZodIssue[], given: Layer): PalateError {
  const violations = issues.flatMap((issue) => problemsOf(schema, issue, given));
  const sentences = violations.map(({ field, description }) => `${field} ${description}`);
  const message = sentences.length === 1 ? (sentences[0] ?? '') : `the configuration has ${sentences.length} mistakes:`;
  const lines = sentences.length === 1 ? [] : sentences.map((sentence) => `\n  ${sentence}`);
  return new PalateError('CONFIG_INVALID', message + lines.join(''), { violations });
}

function problemsOf(schema: z.ZodType, issue: z.core.$ZodIssue, given: Layer): FieldViolation[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(schema, issue.path, key, given));
  }
  // A union tells of its branches; the first is the one that people write, the others are words like null.
  if (issue.code === 'invalid_union' && issue.errors[0] !== undefined && noteFor(schema, issue.path) === undefined) {
    return issue.errors[0].flatMap((nested) =>
      problemsOf(schema, { ...nested, path: [...issue.path, ...nested.path] }, given),
    );
  }
  if (issue.code === 'invalid_key') return [badKey(schema, issue.path, given)];
  return [badValue(schema, issue, given)];
}

/** The name of an entry of a map, not the entry. */
function badKey(schema: z.ZodType, path: readonly PropertyKey[], given: Layer): FieldViolation {
  const note = noteFor(schema, path.slice(0, -1));
  const name = JSON.stringify(path.at(-1));
  const description = `has the name ${name}${from(given, path)}; it must be ${note?.allowed ?? 'another'}.`;
  return { field: keyOf(path), description };
}

function unknownKey(schema: z.ZodType, path: readonly PropertyKey[], key: string, given: Layer): FieldViolation {
  const siblings = keysAt(schema, path);
  const elsewhere = leavesOf(schema).find((leaf) => leaf.key.endsWith(`.${key}`))?.key;
  const near = didYouMean(key, siblings);
  const hint = near === '' && elsewhere !== undefined ? ` (did you mean ${elsewhere}?)` : near;
  const known = hint === '' ? `; known here: ${siblings.join(', ')}` : hint;
  const full = [...path, key];
  return { field: keyOf(full), description: `${from(given, full).trimStart()} is not a key of Palate${known}.` };
}

function badValue(schema: z.ZodType, issue: z.core.$ZodIssue, given: Layer): FieldViolation {
  const { path } = issue;
  const { relation } = (issue.code === 'custom' && issue.params) || {};
  const isRelation = relation === true;
  const note = noteFor(schema, path);
  const value = valueAt(given.tree, path);
  const must = isRelation ? issue.message : `it must be ${note?.allowed ?? 'a map of keys'}`;
  const seen = note?.hide === undefined ? value : note.hide(String(value));
  const is = value === undefined ? (isRelation ? 'does not fit' : 'is missing') : `is ${shown(seen)}`;
  return { field: keyOf(path), description: `${is}${from(given, path)}; ${must}.` };
}

/** The note of the key at a path, or of the list around it. */
function noteFor(schema: z.ZodType, path: readonly PropertyKey[]): SettingNote | undefined {
  const found = schemaAt(schema, path);
  const note = found === undefined ? undefined : settingNotes.get(found as z.ZodType);
  const inList = typeof path.at(-1) === 'number' || found === undefined;
  return note === undefined && inList && path.length > 0 ? noteFor(schema, path.slice(0, -1)) : note;
}

function from(given: Layer, path: readonly PropertyKey[]): string {
  const origin = originAt(given.origins, path);
  return origin === undefined ? '' : ` (from ${origin})`;
}

/** `a.b[0].c`. */
function keyOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return steps.join('').replace(/^\./, '') || 'the configuration';
}

/** A value on one line, cut where it is long. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
