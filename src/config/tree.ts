/** Plain nested data with, for each of its places, where it came from. */

export type Tree = { [key: string]: unknown };

/** Where a value came from: `palate.yaml:3`, `PALATE_PORT`, `--port`. */
export type Origin = string;

/** One source's values. `origins` is by path, its steps joined by `.`; the whole source is at the empty path. */
export interface Layer {
  readonly tree: Tree;
  readonly origins: ReadonlyMap<string, Origin>;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Puts a value at a path of keys, making the groups on the way. */
export function place(tree: Tree, path: readonly string[], value: unknown): void {
  const [step, ...rest] = path;
  if (step === undefined) return;
  if (rest.length === 0) {
    tree[step] = value;
    return;
  }
  const below = tree[step];
  const group: Tree = isTree(below) ? below : {};
  tree[step] = group;
  place(group, rest, value);
}

/** The value at a path; undefined where it leads nowhere. */
export function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let current = tree;
  for (const step of path) {
    const holds = typeof current === 'object' && current !== null && Object.hasOwn(current, step);
    if (!holds) return undefined;
    current = Reflect.get(current as object, step);
  }
  return current;
}

/** The origin of the place at a path, or of the nearest place above it that has one. */
export function originAt(origins: ReadonlyMap<string, Origin>, path: readonly PropertyKey[]): Origin | undefined {
  for (let length = path.length; length >= 0; length--) {
    const origin = origins.get(path.slice(0, length).map(String).join('.'));
    if (origin !== undefined) return origin;
  }
  return undefined;
}

/** Freezes all the way down, so that nobody can change the configuration of another. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const held of Object.values(value)) deepFreeze(held);
  return Object.freeze(value);
}
