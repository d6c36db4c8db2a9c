/** The sources that hold text only: environment variables and command line flags. */
import { parse } from 'yaml';
import { PalateError } from '../errors.ts';
import { didYouMean } from './did-you-mean.ts';
import { type Layer, type Origin, place, type Tree } from './tree.ts';
import type { Leaf } from './walk.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Flags by name, without dashes; `set` holds `key=value` pairs for the keys that have no flag of their own. */
export type Flags = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Names the configuration file; it is no key of it. */
export const fileVariable = 'PALATE_CONFIG';

/**
 * What Kubernetes puts into a container that stands beside a service named `palate`:
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
const serviceLink = /^PALATE_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP|SCTP))/;

/** Reads `PALATE_…`. An empty variable counts as absent. Throws CONFIG_INVALID for a name that is no key. */
export function readEnvironment(environment: Environment, leaves: readonly Leaf[]): Layer {
  const byName = new Map(leaves.flatMap((leaf) => (leaf.environment === undefined ? [] : [[leaf.environment, leaf]])));
  const layer = emptyLayer();
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('PALATE_') || name === fileVariable || value === undefined || value === '') continue;
    if (serviceLink.test(name) || (name === 'PALATE_PORT' && /^(tcp|udp|sctp):\/\//.test(value))) continue;
    const leaf = byName.get(name);
    if (leaf === undefined) {
      const hint = didYouMean(name, [...byName.keys(), fileVariable]);
      throw new PalateError('CONFIG_INVALID', `${name} in the environment is not a key of Palate${hint}.`);
    }
    put(layer, leaf, value, name);
  }
  return layer;
}

/** Reads flags. Throws CONFIG_INVALID for a `--set` that names no key, and for a flag that is none. */
export function readFlags(flags: Flags, leaves: readonly Leaf[]): Layer {
  const byFlag = new Map(leaves.flatMap((leaf) => (leaf.flag === undefined ? [] : [[leaf.flag, leaf]])));
  const layer = emptyLayer();
  const { set = [], ...named } = flags;
  for (const pair of typeof set === 'string' ? [set] : set) putPair(layer, pair, leaves);
  for (const [flag, value] of Object.entries(named)) {
    if (value === undefined) continue;
    const leaf = byFlag.get(flag);
    if (leaf === undefined) {
      throw new PalateError('CONFIG_INVALID', `--${flag} sets no key${didYouMean(flag, byFlag.keys(), '--')}.`);
    }
    put(layer, leaf, typeof value === 'string' ? value : value.join(','), `--${flag}`);
  }
  return layer;
}

function putPair(layer: MutableLayer, pair: string, leaves: readonly Leaf[]): void {
  const equals = pair.indexOf('=');
  if (equals < 1)
    throw new PalateError('CONFIG_INVALID', 'what follows --set must be key=value, such as rpc.maxTimeout=5m.');
  const key = pair.slice(0, equals).trim();
  const settable = leaves.filter((leaf) => leaf.environment !== undefined);
  const leaf = settable.find((each) => each.key === key);
  if (leaf === undefined) {
    const keys = settable.map((each) => each.key);
    throw new PalateError('CONFIG_INVALID', `--set ${key} names no key${didYouMean(key, keys)}.`);
  }
  put(layer, leaf, pair.slice(equals + 1), '--set');
}

interface MutableLayer extends Layer {
  readonly origins: Map<string, Origin>;
}

function emptyLayer(): MutableLayer {
  return { tree: {}, origins: new Map() };
}

function put(layer: MutableLayer, leaf: Leaf, value: string, origin: Origin): void {
  const tree: Tree = layer.tree;
  place(tree, leaf.key.split('.'), decode(leaf, value));
  layer.origins.set(leaf.key, origin);
}

/** Text in the form that the file would have. What does not decode stays text, for the schema to name. */
function decode(leaf: Leaf, value: string): unknown {
  const trimmed = value.trim();
  switch (leaf.kind) {
    case 'integer':
    case 'number':
      return /^[+-]?(\d[\d_]*)(\.\d+)?(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed.replaceAll('_', '')) : value;
    case 'boolean':
      return trimmed === 'true' ? true : trimmed === 'false' ? false : value;
    case 'list':
      return trimmed.split(/[\s,]+/).filter((item) => item !== '');
    case 'structure':
      return decodeYaml(value);
    case 'duration':
    case 'size':
    case 'choice':
      return trimmed;
    case 'text':
      return value;
  }
}

function decodeYaml(value: string): unknown {
  try {
    return parse(value, { maxAliasCount: 100 });
  } catch {
    return value; // The schema says what is allowed and shows the text.
  }
}
