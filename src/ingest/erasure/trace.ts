/**
 * Finds what else is of erased users: the visitors that turned out to be them, their sessions, orders, photos and
 * recommendations. Two passes over the journal, since a visitor's events come before it is known whose they are.
 */

import type { Journal } from '../../journal/journal.ts';
import type { JournalRecord } from '../../journal/record.ts';
import { Slices } from '../../journal/slices.ts';
import type { Digester, IdKind } from './digester.ts';
import { type ErasedId, ErasedIds } from './erased-ids.ts';
import { isEmpty, type Place, payloads, RecordIds } from './record-ids.ts';
import { isTheirs, namesPerson } from './whose.ts';

export interface Tracing {
  readonly journal: Pick<Journal, 'read' | 'status' | 'durable'>;
  readonly digester: Digester;
  /** The users, and what earlier passes found. */
  readonly known: readonly ErasedId[];
  readonly signal: AbortSignal;
}

/** A visitor turned out to be one of them, or somebody else; the same again is not kept. */
interface Merge {
  readonly sequence: number;
  readonly isTheirs: boolean;
}

/** So much is looked at in one go: a slice of about two milliseconds. */
const limits = { maxBytes: 262_144, maxRecords: 512 };
const ids = new RecordIds();

/**
 * Visitors of the known users, each with the sequences between which it led to them. What a visitor did before it first
 * turned out to be somebody is that one's.
 */
export async function traceVisitors(tracing: Tracing): Promise<ErasedId[]> {
  const { digester, known } = tracing;
  const users = new ErasedIds(digester, known);
  const merges = new Map<string, Merge[]>();
  await eachRecord(tracing, ({ sequence, tenant, event }) => {
    if (!ids.read(event) || ids.payload !== payloads.identityMerged) return;
    if (isEmpty(ids.user) || isEmpty(ids.visitor)) return;
    const { from, to } = ids.user;
    const isTheirs = users.holds(tenant, 'user', event, from, to, sequence);
    const visitor = keyOf(tenant, event, ids.visitor);
    const known = merges.get(visitor);
    if (known === undefined) merges.set(visitor, [{ sequence, isTheirs }]);
    else if (known.at(-1)!.isTheirs !== isTheirs) known.push({ sequence, isTheirs });
  });
  const found: ErasedId[] = [];
  for (const [visitor, all] of merges) {
    for (const range of rangesOf(all)) found.push(entry(digester, 'visitor', visitor, range));
  }
  return found;
}

/** The ids of the known users, for as long as the journal has them. */
export async function traceUserIds(tracing: Tracing): Promise<{ readonly tenant: string; readonly userId: string }[]> {
  const users = new ErasedIds(tracing.digester, tracing.known);
  const found = new Set<string>();
  await eachRecord(tracing, ({ sequence, tenant, event }) => {
    if (!ids.read(event) || isEmpty(ids.user)) return;
    const { from, to } = ids.user;
    if (users.holds(tenant, 'user', event, from, to, sequence)) found.add(keyOf(tenant, event, ids.user));
  });
  return [...found].map((key) => {
    const split = key.indexOf('\0');
    return { tenant: key.slice(0, split), userId: Buffer.from(key.slice(split + 1), 'latin1').toString() };
  });
}

/** Where a visitor led to one of them, from the first event on that it can have had. */
function rangesOf(merges: readonly Merge[]): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (const [at, { sequence, isTheirs }] of merges.entries()) {
    const from = at === 0 ? 0 : sequence;
    const to = merges[at + 1]?.sequence ?? Number.POSITIVE_INFINITY;
    const last = ranges.at(-1);
    if (!isTheirs) continue;
    if (last?.to === from) last.to = to;
    else ranges.push({ from, to });
  }
  return ranges;
}

/**
 * Sessions, orders, photos and recommendations of the known users and visitors: those in which they were the last who
 * were named.
 */
export async function traceThings(tracing: Tracing): Promise<ErasedId[]> {
  const { digester, known } = tracing;
  const erased = new ErasedIds(digester, known);
  const owned = { session: new Set<string>(), order: new Set<string>(), image: new Set<string>() };
  const found: Record<OwnedKind, Set<string>> = { ...owned, recommendation: new Set<string>() };
  await eachRecord(tracing, (record) => {
    if (!ids.read(record.event)) return;
    const session = isEmpty(ids.session) ? undefined : keyOf(record.tenant, record.event, ids.session);
    const thing = beginsThing() ? keyOf(record.tenant, record.event, ids.thing) : undefined;
    const kind = ids.thingKind as OwnedKind;
    if (session === undefined && thing === undefined) return;
    const isNamed = namesPerson(ids);
    const isOwn = isTheirs(erased, record) || (!isNamed && session !== undefined && found.session.has(session));
    // What names nobody changes no owner.
    if (!isNamed && !isOwn) return;
    if (session !== undefined && isNamed) mark(found.session, session, isOwn);
    if (thing !== undefined) mark(found[kind], thing, isOwn);
  });
  return Object.entries(found).flatMap(([kind, keys]) =>
    [...keys].map((key) => entry(digester, kind as OwnedKind, key, { from: 0, to: Number.POSITIVE_INFINITY })),
  );
}

type OwnedKind = Exclude<IdKind, 'user' | 'visitor'>;

/** Whether the record that was read is the first word on its thing, and not a later one on somebody else's. */
function beginsThing(): boolean {
  const { payload, thing } = ids;
  if (isEmpty(thing)) return false;
  return (
    payload === payloads.orderCompleted || payload === payloads.mealScored || payload === payloads.recommendationServed
  );
}

function mark(keys: Set<string>, key: string, isOwn: boolean): void {
  if (isOwn) keys.add(key);
  else keys.delete(key);
}

/** All that was appended before the call. */
async function eachRecord({ journal, signal }: Tracing, look: (record: JournalRecord) => void): Promise<void> {
  const { firstSequence, lastSequence } = journal.status();
  if (lastSequence === 0) return;
  // What does not become durable will not be there.
  await journal.durable(lastSequence).catch(() => undefined);
  const slices = new Slices(signal);
  for await (const records of journal.read({ afterSequence: Math.max(0, firstSequence - 1), signal, ...limits })) {
    for (const record of records) if (record.kind === 'event') look(record);
    await slices.giveWay();
  }
  signal.throwIfAborted();
}

/** Tenant and id; a tenant has no zero byte. Each character is a byte of the id. */
function keyOf(tenant: string, bytes: Uint8Array, { from, to }: Place): string {
  return `${tenant}\0${Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')}`;
}

function entry(digester: Digester, kind: IdKind, key: string, range: { from: number; to: number }): ErasedId {
  const split = key.indexOf('\0');
  const tenant = key.slice(0, split);
  const id = Buffer.from(key.slice(split + 1), 'latin1');
  const digest = digester.digest(tenant, kind, id);
  return { tenant, kind, digest, quick: digester.quick(id, 0, id.length), ...range };
}
