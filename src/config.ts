/**
 * The configuration: file < environment < flags → one typed, deeply frozen object.
 *
 * - file: YAML; `--config`, or `PALATE_CONFIG`, or `palate.yaml` of the working folder if it is there;
 * - environment: `PALATE_` and the key's path, `PALATE_RPC_MAX_TIMEOUT` for `rpc.maxTimeout`; lists are separated by commas, maps are YAML or JSON;
 * - flags: `--port` and the like, and `--set key=value` for every key.
 *
 * The schema with all keys is in `config/schema.ts`. No other file reads `process.env`.
 */

import { readFileSource } from './config/file-source.ts';
import { configError } from './config/problems.ts';
import { type Config, schema } from './config/schema.ts';
import { type Environment, type Flags, fileVariable, readEnvironment, readFlags } from './config/text-sources.ts';
import { deepFreeze, isTree, type Layer, type Origin, originAt, place, type Tree, valueAt } from './config/tree.ts';
import { type Leaf, leavesOf } from './config/walk.ts';

export type { Config } from './config/schema.ts';
export type { Environment, Flags } from './config/text-sources.ts';

export interface ConfigSources {
  /** A file that must exist. Absent: `PALATE_CONFIG`, then `palate.yaml` of the working folder if it is there. */
  readonly file?: string | undefined;
  /** Default: the environment of the process. */
  readonly env?: Environment;
  readonly flags?: Flags;
  /** Where `palate.yaml` is looked for. Default: the working folder. */
  readonly folder?: string;
}

/** Reads all sources and checks them. Throws CONFIG_INVALID that names each wrong key, its source and what is allowed. */
export function loadConfig(sources: ConfigSources = {}): Config {
  return inspectConfig(sources).config;
}

/** The variables of OpenTelemetry, whose names and meanings are its own: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
export function tracingVariables(env: Environment = process.env): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('OTEL_')));
}

/** One key with the value that holds. */
export interface EffectiveSetting {
  readonly key: string;
  /** In the file's form: `30s`, not 30000. Of a secret only what may be seen. */
  readonly value: unknown;
  readonly isSecret: boolean;
  /** `palate.yaml:3`, `PALATE_PORT`, `--port`, or `default`. */
  readonly origin: Origin;
}

/** The configuration, each of its keys with where it came from, and the file that was read. */
export interface InspectedConfig {
  readonly config: Config;
  readonly settings: readonly EffectiveSetting[];
  readonly file: string | undefined;
}

/** As `loadConfig`, with the origin of every value. */
export function inspectConfig(sources: ConfigSources = {}): InspectedConfig {
  const env = sources.env ?? process.env;
  const leaves = leavesOf(schema);
  const fromFile = readFileSource(sources.file ?? (env[fileVariable] || undefined), sources.folder ?? process.cwd());
  const given = merge([fromFile, readEnvironment(env, leaves), readFlags(sources.flags ?? {}, leaves)], leaves);
  const parsed = schema.safeParse(given.tree);
  if (!parsed.success) throw configError(schema, parsed.error.issues, given);
  const config = deepFreeze(parsed.data);
  const settings = settable(leaves).map((leaf) => effective(leaf, given, config));
  return { config, settings, file: fromFile.file };
}

/** What `palate config --describe` and the docs show of a key. */
export interface SettingDescription {
  /** `rpc.maxTimeout`; in a map `recommendation.placements.<name>.limit`, in a list `…strategies[].weight`. */
  readonly key: string;
  readonly type: string;
  /** In words: a duration such as 30s, at most 24d. */
  readonly allowed: string;
  /** In the file's form; undefined where the key has to be given. */
  readonly default: unknown;
  /** Undefined inside maps and lists, which are set whole. */
  readonly environment: string | undefined;
  /** With its dashes. */
  readonly flag: string | undefined;
  readonly description: string;
}

/** Every key, in the schema's order. */
export function describeConfig(): readonly SettingDescription[] {
  return leavesOf(schema).map((leaf) => ({
    key: leaf.key,
    type: leaf.kind,
    allowed: leaf.allowed,
    default: leaf.default,
    environment: leaf.environment,
    flag: leaf.flag === undefined ? undefined : `--${leaf.flag}`,
    description: leaf.description,
  }));
}

/** Later layers win, key by key; a list or a map of a later layer takes the place of the earlier one whole. */
function merge(layers: readonly Layer[], leaves: readonly Leaf[]): Layer {
  const [base, ...over] = layers;
  const tree: Tree = structuredClone(base?.tree ?? {});
  const origins = new Map(base?.origins);
  dropEmptyGroups(tree, '', leaves);
  for (const layer of over) {
    for (const [key, origin] of layer.origins) {
      const path = key.split('.');
      if (blocked(tree, path)) continue;
      place(tree, path, valueAt(layer.tree, path));
      for (const old of origins.keys()) if (old.startsWith(`${key}.`)) origins.delete(old);
      origins.set(key, origin);
    }
  }
  return { tree, origins };
}

/** A file that has a value where a group belongs: kept as it is, so that the error shows it. */
function blocked(tree: Tree, path: readonly string[]): boolean {
  return path.slice(0, -1).some((_, index) => {
    const above = valueAt(tree, path.slice(0, index + 1));
    return above !== undefined && !isTree(above);
  });
}

/** A group left empty in YAML is null: it says nothing. */
function dropEmptyGroups(tree: Tree, prefix: string, leaves: readonly Leaf[]): void {
  for (const [name, value] of Object.entries(tree)) {
    const key = prefix + name;
    if (!isGroup(key, leaves)) continue;
    if (value === null) delete tree[name];
    else if (isTree(value)) dropEmptyGroups(value, `${key}.`, leaves);
  }
}

function isGroup(key: string, leaves: readonly Leaf[]): boolean {
  return leaves.some((leaf) => leaf.key.startsWith(`${key}.`)) && !leaves.some((leaf) => leaf.key === key);
}

function settable(leaves: readonly Leaf[]): readonly Leaf[] {
  return leaves.filter((leaf) => leaf.environment !== undefined);
}

function effective(leaf: Leaf, given: Layer, config: Config): EffectiveSetting {
  const path = leaf.key.split('.');
  const value = valueAt(given.tree, path);
  const origin = value === undefined ? 'default' : (originAt(given.origins, path) ?? 'default');
  const isSecret = leaf.hide !== undefined;
  // A map holds what is shipped too: the parsed one says what holds. It has no units, so it is the file's form as well.
  if (leaf.kind === 'structure')
    return { key: leaf.key, value: { ...removals(value), ...entriesOf(valueAt(config, path)) }, isSecret, origin };
  const seen = leaf.hide === undefined || value === undefined ? value : leaf.hide(String(value));
  return { key: leaf.key, value: seen ?? leaf.default, isSecret, origin };
}

/** The entries that a map takes away with null: they have to be said again in what is printed. */
function removals(value: unknown): Tree {
  return Object.fromEntries(Object.entries(entriesOf(value)).filter(([, entry]) => entry === null));
}

function entriesOf(value: unknown): Tree {
  return isTree(value) ? value : {};
}
