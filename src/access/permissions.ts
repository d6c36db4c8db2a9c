import type { Config } from '../config.ts';
import { payloadTypes } from '../events/payloads.ts';
import { compilePatterns, type Matcher } from './pattern.ts';

type Roles = Config['access']['roles'];

/** Which events may be published: 1 at the field number of each such payload, 0 at the others. */
export type EventPermissions = Uint8Array;

/** What the holder of some roles may do. */
export interface Permissions {
  /** Of a method `package.Service/Method`, or of a page's path. */
  mayCall(method: string): boolean;
  /** Undefined: every event. */
  readonly events: EventPermissions | undefined;
}

/** The permissions of a set of roles. Names that are none of the roles give nothing. */
export type PermissionsOf = (roles: readonly string[]) => Permissions;

/** More sets of roles than this are not remembered: tokens name them, and they could name any. */
const maxSets = 1_000;

/** Compiles roles. A holder of several may do what any of them may; what a role denies it takes from itself only. */
export function compileRoles(roles: Roles): PermissionsOf {
  const compiled = new Map(Object.entries(roles).map(([name, role]) => [name, compileRole(role)]));
  const sets = new Map<string, Permissions>();
  return (names) => {
    const known = [...new Set(names)].filter((name) => compiled.has(name)).sort();
    const key = known.join(' ');
    const found = sets.get(key);
    if (found !== undefined) return found;
    const joined = join(known.map((name) => compiled.get(name)!));
    if (sets.size < maxSets) sets.set(key, joined);
    return joined;
  };
}

interface CompiledRole {
  readonly mayCall: Matcher;
  readonly events: EventPermissions;
}

function compileRole({ methods, denyMethods, events, denyEvents }: Roles[string]): CompiledRole {
  const [allowed, denied] = [compilePatterns(methods), compilePatterns(denyMethods)];
  return {
    mayCall: (method) => allowed(method) && !denied(method),
    events: compileEvents(events, denyEvents),
  };
}

/** An event's full name is `group/type`; a pattern without a slash is of the type alone. */
function compileEvents(events: readonly string[], denyEvents: readonly string[]): EventPermissions {
  const [allowed, denied] = [events, denyEvents].map((patterns) =>
    compilePatterns(patterns.map((pattern) => (pattern === '*' || pattern.includes('/') ? pattern : `*/${pattern}`))),
  ) as [Matcher, Matcher];
  const may = new Uint8Array(Math.max(...payloadTypes.map(({ number }) => number)) + 1);
  for (const { group, name, number } of payloadTypes) {
    const full = `${group}/${name}`;
    if (allowed(full) && !denied(full)) may[number] = 1;
  }
  return may;
}

function join(roles: readonly CompiledRole[]): Permissions {
  const events = payloadTypes.map(({ number }) => roles.some((role) => role.events[number] === 1));
  return {
    mayCall: remembered((method) => roles.some(({ mayCall }) => mayCall(method))),
    events: events.every((may) => may) ? undefined : joinEvents(roles),
  };
}

function joinEvents(roles: readonly CompiledRole[]): EventPermissions {
  const may = compileEvents([], []);
  for (const { events } of roles) for (const [number, one] of events.entries()) if (one === 1) may[number] = 1;
  return may;
}

/** Only methods and pages that exist are asked for, so there are few. */
function remembered(matcher: Matcher): Matcher {
  const answers = new Map<string, boolean>();
  return (name) => {
    const known = answers.get(name);
    if (known !== undefined) return known;
    const answer = matcher(name);
    answers.set(name, answer);
    return answer;
  };
}
