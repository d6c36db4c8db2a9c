/** Walks the schema by key, so that errors, flags and the description all follow from it. */
import * as z from 'zod';
import { type SettingNote, settingNotes } from './settings.ts';

/** One key of the schema. */
export interface Leaf extends SettingNote {
  /** `rpc.maxTimeout`; inside a map `recommendation.placements.<name>.limit`, inside a list `…strategies[].weight`. */
  readonly key: string;
  /** Undefined inside maps and lists: those are set whole. */
  readonly environment?: string;
}

/** Every key below `schema`, in the schema's order. */
export function leavesOf(schema: z.core.$ZodType, key = '', inside = false): readonly Leaf[] {
  const note = schema instanceof z.ZodType ? settingNotes.get(schema) : undefined;
  const own = note === undefined ? [] : [{ ...note, key, ...(inside ? {} : { environment: environmentName(key) }) }];
  const { keys, element, value } = children(schema);
  const below = [
    ...Object.entries(keys).map(([name, child]) => [key === '' ? name : `${key}.${name}`, child] as const),
    ...(element === undefined ? [] : [[`${key}[]`, element] as const]),
    ...(value === undefined ? [] : [[`${key}.<name>`, value] as const]),
  ];
  const isWhole = note !== undefined && note.kind !== 'structure';
  if (isWhole) return own;
  return [...own, ...below.flatMap(([name, child]) => leavesOf(child, name, inside || note !== undefined))];
}

/** The schema at a path, as far as it goes. */
export function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  let current: z.core.$ZodType | undefined = schema;
  for (const step of path) {
    if (current === undefined) return undefined;
    const { keys, element, value }: Children = children(current);
    current = typeof step === 'number' ? element : (keys[String(step)] ?? value);
  }
  return current;
}

/** The names that may stand in the object at a path. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const found = schemaAt(schema, path);
  return found === undefined ? [] : Object.keys(children(found).keys);
}

/** `PALATE_RPC_MAX_TIMEOUT` for `rpc.maxTimeout`. */
export function environmentName(key: string): string {
  const words = key.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('.', '_');
  return `PALATE_${words.toUpperCase()}`;
}

interface Children {
  readonly keys: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly value?: z.core.$ZodType;
}

/** What a schema holds, seen through defaults, transforms and unions with null. */
function children(schema: z.core.$ZodType): Children {
  if (schema instanceof z.ZodObject) return { keys: schema.shape };
  if (schema instanceof z.ZodArray) return { keys: {}, element: schema.element };
  if (schema instanceof z.ZodRecord) return { keys: {}, value: schema.valueType };
  if (schema instanceof z.ZodPrefault) return children(schema.unwrap());
  if (schema instanceof z.ZodUnion) return children(schema.options[0] ?? schema);
  if (schema instanceof z.ZodPipe) return children(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  return { keys: {} };
}
