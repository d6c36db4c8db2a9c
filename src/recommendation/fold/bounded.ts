/** Maps and sets within a bound: what was put in first leaves first. */

/** Lets go of the first entry where there are more than `max`; answers it. */
export function trimMap<K, V>(map: Map<K, V>, max: number): V | undefined {
  if (map.size <= max) return undefined;
  const [key, value] = map.entries().next().value as [K, V];
  map.delete(key);
  return value;
}

/** Lets go of the first element where there are more than `max`; answers it. */
export function trimSet<T>(set: Set<T>, max: number): T | undefined {
  if (set.size <= max) return undefined;
  const first = set.values().next().value as T;
  set.delete(first);
  return first;
}
