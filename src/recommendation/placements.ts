import { PalateError } from '../errors.ts';
import type { TenantState } from './fold/tenant-state.ts';

/**
 * What can fill a placement. `session`: what sessions like this one held. `similar`: what goes with its newest items.
 * `trending`: what rises now. `popular`: what lasts. `recent`: what this person looked at. `catalogue`: what is new.
 */
export const strategyNames = ['session', 'similar', 'trending', 'popular', 'recent', 'catalogue'] as const;

export type StrategyName = (typeof strategyNames)[number];

/** One strategy of a placement. */
export interface PlacementStrategy {
  readonly strategy: StrategyName;
  /** Its scores are multiplied by it. */
  readonly weight: number;
  /** Only items of this category or below; '': of any. */
  readonly category: string;
}

/** A factor for the items that a condition picks. */
export interface Boost {
  /** A condition in CEL over `item`. */
  readonly when: string;
  /** Not below 0. */
  readonly factor: number;
}

/** A named spot in an app: what fills it, under which rules. */
export interface PlacementSettings {
  /** Asked in this order: each fills the places that those before it left free. */
  readonly strategies: readonly PlacementStrategy[];
  /** How many items an answer has where the caller names no limit. */
  readonly limit: number;
  /** A condition in CEL that each item must meet; '': none. */
  readonly filter: string;
  readonly boosts: readonly Boost[];
  /** Leave out the item that is looked at now. */
  readonly excludeCurrent: boolean;
  /** Leave out what this person has seen. */
  readonly excludeSeen: boolean;
}

/** Placements by name. */
export type Placements = Readonly<Record<string, PlacementSettings>>;

const plain = { limit: 20, filter: '', boosts: [], excludeCurrent: true, excludeSeen: false } as const;

/** The placements of a process whose configuration names none. */
export const defaultPlacements: Placements = {
  home: { ...plain, strategies: chain('session', 'similar', 'trending') },
  item: { ...plain, strategies: chain('similar', 'session', 'trending') },
  cart: { ...plain, strategies: chain('similar', 'session', 'trending') },
  trending: { ...plain, strategies: chain('trending'), excludeCurrent: false },
};

/** Strategies in the order in which they fill a placement. */
export function chain(...names: readonly StrategyName[]): readonly PlacementStrategy[] {
  return names.map((strategy) => ({ strategy, weight: 1, category: '' }));
}

/** Reads the settings of a placement from JSON, as a `ConfigChanged` event carries it. Throws where they are not valid. */
export type ParsePlacement = (name: string, bodyJson: string) => PlacementSettings;

/** Finds a placement for a tenant. */
export type FindPlacement = (tenant: TenantState | undefined, name: string) => PlacementSettings;

/**
 * A tenant's own settings, from its events, go before the configuration's. Settings that do not parse are reported
 * once for each text, and the configuration's hold: an event can't be refused once it is in the journal.
 * @throws PalateError UNKNOWN_PLACEMENT, listing those that are known.
 */
export function createPlacements(
  configured: Placements,
  parse: ParsePlacement,
  onInvalid: (name: string, error: unknown) => void = () => undefined,
): FindPlacement {
  const parsed = createParseCache(parse, onInvalid);
  return (tenant, name) => {
    const body = tenant?.placements.get(name);
    const own = body === undefined ? undefined : parsed(name, body);
    const found = own ?? (Object.hasOwn(configured, name) ? configured[name] : undefined);
    if (found !== undefined) return found;
    const known = [...new Set([...Object.keys(configured), ...(tenant?.placements.keys() ?? [])])].sort();
    const shown = known.slice(0, 50).join(', ');
    throw new PalateError('UNKNOWN_PLACEMENT', `there is no placement "${name.slice(0, 64)}": known are ${shown}`);
  };
}

const maxParsed = 1_000;

function createParseCache(parse: ParsePlacement, onInvalid: (name: string, error: unknown) => void) {
  const kept = new Map<string, PlacementSettings | undefined>();
  return (name: string, body: string): PlacementSettings | undefined => {
    const key = `${name}\n${body}`;
    if (kept.has(key)) return kept.get(key);
    if (kept.size >= maxParsed) kept.clear();
    let settings: PlacementSettings | undefined;
    try {
      settings = parse(name, body);
    } catch (error) {
      onInvalid(name, error);
    }
    kept.set(key, settings);
    return settings;
  };
}
