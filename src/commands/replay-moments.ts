/** What a replay finds at one moment, and how two moments differ. */
import type { JournalReader } from '../journal/journal.ts';
import { decodeEvent } from '../recommendation/decode-event.ts';
import { digestOf } from '../recommendation/fold/digest.ts';
import { TenantState } from '../recommendation/fold/tenant-state.ts';
import type { PastState } from '../recommendation/shadow/past-state.ts';

/** How much a tenant's state holds. */
export interface Sizes {
  readonly items: number;
  readonly people: number;
  readonly sessions: number;
  readonly events: number;
}

export interface Moment {
  readonly sequence: number;
  readonly appendedAtMicros: number;
  /** Folded to get there, and how long it took. */
  readonly records: number;
  readonly millis: number;
  readonly unreadable: number;
  /** The snapshot that it began with. */
  readonly from: string | undefined;
  /** By tenant. */
  readonly digests: Readonly<Record<string, string>>;
  readonly sizes: Readonly<Record<string, Sizes>>;
}

/** Takes down what the state holds now: it goes on afterwards. */
export function momentOf(past: PastState, tenants: readonly string[], records: number, millis: number): Moment {
  const { state, unreadable, restored } = past;
  const empty = new TenantState(state.settings);
  const each = <T>(read: (tenant: TenantState) => T) =>
    Object.fromEntries(tenants.map((name) => [name, read(state.tenant(name) ?? empty)]));
  return {
    sequence: state.sequence,
    appendedAtMicros: past.origin().appendedAtMicros,
    records,
    millis,
    unreadable,
    from: restored?.name,
    digests: each(digestOf),
    sizes: each(sizesOf),
  };
}

function sizesOf({ catalogue, people, sessions, events }: TenantState): Sizes {
  return { items: catalogue.size, people: people.size, sessions: sessions.count, events };
}

export interface Comparison {
  readonly first: Moment;
  readonly second: Moment;
  /** Of the records between the two: by tenant, how many events of each type. */
  readonly between: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export async function comparisonOf(
  reader: JournalReader,
  first: Moment,
  second: Moment,
  tenants: readonly string[],
  signal: AbortSignal,
): Promise<Comparison> {
  const [from, to] = [first.sequence, second.sequence].sort((a, b) => a - b) as [number, number];
  const counts = new Map(tenants.map((name) => [name, new Map<string, number>()]));
  for await (const block of reader.readBlocks({ afterSequence: from, signal, includeUnproven: true })) {
    const wanted = block.until(to);
    for (const record of wanted.records()) {
      const byType = counts.get(record.tenant);
      if (byType === undefined) continue;
      const type = record.kind === 'tombstone' ? 'erased' : typeOf(record.sequence, record.event);
      byType.set(type, (byType.get(type) ?? 0) + 1);
    }
    if (wanted.length < block.length) break;
  }
  const sorted = [...counts].map(([name, byType]) => [name, Object.fromEntries([...byType].sort(most))]);
  return { first, second, between: Object.fromEntries(sorted) };
}

function typeOf(sequence: number, event: Uint8Array): string {
  try {
    return decodeEvent(sequence, event).payload.case ?? 'unknown';
  } catch {
    return 'unreadable';
  }
}

function most([a, left]: [string, number], [b, right]: [string, number]): number {
  return right - left || (a < b ? -1 : 1);
}
