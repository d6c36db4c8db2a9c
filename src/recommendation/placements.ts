import type { Placement as ConfiguredPlacement, PlacementStrategy } from '../config/placements.ts';
import { PalateError } from '../errors.ts';
import type { Condition } from '../expressions/condition.ts';
import type { CompileCondition } from '../expressions/condition-cache.ts';
import type { TenantState } from './fold/tenant-state.ts';

/** What a placement is set to, by the configuration or by an event. */
export type PlacementSettings = Omit<ConfiguredPlacement, 'description'>;

/** A boost, ready to be asked. */
export interface CompiledBoost {
  readonly condition: Condition;
  readonly factor: number;
}

/** Placements by name. */
export type Placements = Readonly<Record<string, PlacementSettings>>;

/** A placement with its conditions compiled, and a last resort at the end of its chain. */
export interface Placement {
  readonly settings: PlacementSettings;
  readonly chain: readonly PlacementStrategy[];
  readonly conditions: readonly Condition[];
  readonly boosts: readonly CompiledBoost[];
}

/** Finds a placement for a tenant. */
export type FindPlacement = (tenant: TenantState | undefined, name: string) => Placement;

export interface PlacementOptions {
  /** From the configuration. */
  readonly configured: Placements;
  readonly compile: CompileCondition;
  /** Reads settings from the JSON of a `ConfigChanged` event. Throws where they are not valid. */
  readonly parse: (name: string, bodyJson: string) => PlacementSettings;
  /** Told once of each event whose settings are not valid. */
  readonly onInvalid?: (name: string, error: unknown) => void;
}

/**
 * A tenant's own settings, from its events, go before the configuration's. Where they are not valid the configuration's
 * hold: an event can't be refused once it is in the journal.
 * @throws PalateError CONFIG_INVALID where an expression of the configuration does not compile. What it returns throws
 * UNKNOWN_PLACEMENT, listing those that are known.
 */
export function createPlacements({ configured, compile, parse, onInvalid }: PlacementOptions): FindPlacement {
  const compiled = new Map(
    Object.entries(configured).map(([name, settings]) => [name, fromConfig(name, settings, compile)]),
  );
  const fromEvent = remember((name, body) => {
    try {
      return compilePlacement(parse(name, body), compile);
    } catch (error) {
      onInvalid?.(name, error);
      return undefined;
    }
  });
  return (tenant, name) => {
    const body = tenant?.placements.get(name) ?? '';
    const found = (body === '' ? undefined : fromEvent(name, body)) ?? compiled.get(name);
    if (found === undefined) throw unknownPlacement(name, [...compiled.keys(), ...(tenant?.placements.keys() ?? [])]);
    return found;
  };
}

function unknownPlacement(name: string, known: readonly string[]): PalateError {
  const shown = [...new Set(known)].sort().slice(0, 50).join(', ');
  return new PalateError('UNKNOWN_PLACEMENT', `there is no placement "${name.slice(0, 64)}": known are ${shown}`);
}

function fromConfig(name: string, settings: PlacementSettings, compile: CompileCondition): Placement {
  try {
    return compilePlacement(settings, compile);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new PalateError('CONFIG_INVALID', `recommendation.placements.${name}: ${problem}`, { cause: error });
  }
}

function compilePlacement(settings: PlacementSettings, compile: CompileCondition): Placement {
  const { strategies, filter, boosts } = settings;
  const last = strategies.at(-1);
  const resort: PlacementStrategy = { strategy: 'catalogue', weight: 1, category: last?.category ?? '' };
  return {
    settings,
    chain: last?.strategy === 'catalogue' ? strategies : [...strategies, resort],
    conditions: filter === '' ? [] : [compile(filter)],
    boosts: boosts.map(({ when, factor }) => ({ condition: compile(when), factor })),
  };
}

const maxRemembered = 1_000;

function remember<T>(make: (name: string, body: string) => T): (name: string, body: string) => T {
  const kept = new Map<string, T>();
  return (name, body) => {
    const key = `${name}\n${body}`;
    if (kept.has(key)) return kept.get(key) as T;
    if (kept.size >= maxRemembered) kept.clear();
    const made = make(name, body);
    kept.set(key, made);
    return made;
  };
}
