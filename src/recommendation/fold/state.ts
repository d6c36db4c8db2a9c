/** The state of a process: what the journal's events were folded into, one tenant beside the other. */

import type { Event } from '../../../gen/palate/event/v1/event_pb.ts';
import type { EventScanner } from '../../events/scanner.ts';
import { applyEvent, applyScanned } from './apply/dispatch.ts';
import { payloadOf } from './apply/whole-payload.ts';
import type { Archive } from './archive.ts';
import { ScannedRun } from './scanned-run.ts';
import type { FoldSettings } from './settings.ts';
import type { TallyLog } from './tally-log.ts';
import { TenantState } from './tenant-state.ts';

/** Of a record in the journal: what the fold needs besides the event. */
export interface RecordHeader {
  readonly sequence: number;
  readonly appendedAtMicros: number;
  readonly tenant: string;
}

/**
 * Pure: the same records in the same order give the same state on every machine. No clock, no chance, no I/O; events
 * have their own times, however late they come.
 */
export class State {
  readonly settings: FoldSettings;
  #tenants = new Map<string, TenantState>();
  /** Whose event was folded last: mostly the next one is theirs, too. */
  #last: { readonly name: string; readonly tenant: TenantState } | undefined;
  /** Events that are about to be folded. */
  readonly run = new ScannedRun();
  #sequence = 0;
  #appendedAtMicros = 0;
  /** Where there is one, another thread keeps the tallies. */
  #openLog: ((tenant: string) => TallyLog) | undefined;

  constructor(settings: FoldSettings) {
    this.settings = settings;
  }

  /** The last sequence folded or skipped; 0: none. */
  get sequence(): number {
    return this.#sequence;
  }

  /** When the last record folded was journalled; 0: none was. */
  get appendedAtMicros(): number {
    return this.#appendedAtMicros;
  }

  /** Undefined: no event of this tenant was folded. */
  tenant(name: string): TenantState | undefined {
    return this.#tenants.get(name);
  }

  tenantNames(): readonly string[] {
    return [...this.#tenants.keys()];
  }

  /** Folds a record. To be called in the journal's order. */
  apply(header: RecordHeader, event: Event): void {
    applyEvent(this.#tenantOf(header), event, header.appendedAtMicros);
    this.#advance(header);
  }

  /**
   * As `apply`, straight from the event's bytes from `from` to before `to`. False: they are not for a scanner; nothing was
   * done, decode them.
   */
  applyBytes(header: RecordHeader, bytes: Uint8Array, from = 0, to = bytes.length): boolean {
    const event = this.run.scanAlone(bytes, from, to);
    return event !== undefined && this.#applyScanned(header, event);
  }

  /** Reads what the events of the run will need, which are the tenant's, so that folding them waits less. Changes nothing. */
  lookAhead(tenant: string): void {
    this.run.lookAhead(this.#find(tenant));
  }

  /** As `applyBytes`, of the event at `at` of the run. */
  applyFromRun(header: RecordHeader, at: number): boolean {
    const event = this.run.at(at);
    return event !== undefined && this.#applyScanned(header, event);
  }

  #applyScanned(header: RecordHeader, event: EventScanner): boolean {
    const payload = payloadOf(event);
    if (payload === undefined) return false;
    applyScanned(this.#tenantOf(header), event, payload, header.appendedAtMicros);
    this.#advance(header);
    return true;
  }

  #tenantOf({ tenant: name }: RecordHeader): TenantState {
    const known = this.#find(name);
    if (known !== undefined) return known;
    const tenant = new TenantState(this.settings);
    if (this.#openLog !== undefined) tenant.noteTallies(this.#openLog(name));
    this.#tenants.set(name, tenant);
    return tenant;
  }

  #find(name: string): TenantState | undefined {
    if (this.#last?.name === name) return this.#last.tenant;
    const tenant = this.#tenants.get(name);
    if (tenant !== undefined) this.#last = { name, tenant };
    return tenant;
  }

  /** False: its tallies are kept elsewhere for the time being, and what is read of them is nothing. */
  get isWhole(): boolean {
    return this.#openLog === undefined;
  }

  /** Empty: from now on what is to be added to the tallies is noted in a log for each tenant, see `tallies.ts`. */
  noteTallies(openLog: (tenant: string) => TallyLog): void {
    this.#openLog = openLog;
  }

  /** Takes over what was added up from the logs (undefined: there was nothing): the state is whole again. */
  takeTallies(from: (tenant: string) => Archive | undefined): void {
    for (const [name, tenant] of this.#tenants) tenant.takeTallies(from(name));
    this.#openLog = undefined;
  }

  /** Forgets everything: it is as it was made. */
  clear(): void {
    this.#tenants = new Map();
    this.#last = undefined;
    this.#sequence = 0;
    this.#appendedAtMicros = 0;
    this.#openLog = undefined;
  }

  #advance(header: RecordHeader): void {
    this.#sequence = header.sequence;
    this.#appendedAtMicros = header.appendedAtMicros;
  }

  /**
   * Takes tenants over from another state, in place of its own. Both must have come to the same sequence; the other one is
   * not to be folded into any more.
   */
  adopt(other: State, tenants: readonly string[]): void {
    this.#last = undefined;
    for (const name of tenants) {
      const tenant = other.tenant(name);
      if (tenant === undefined) this.#tenants.delete(name);
      else this.#tenants.set(name, tenant);
    }
  }

  /** Passes a sequence that holds nothing to fold: a tombstone. */
  skip(sequence: number): void {
    this.#sequence = sequence;
  }

  /** Writes the state, or becomes the one that was written: whole, or where it throws, not at all. */
  persist(archive: Archive): void {
    const [sequence, appendedAtMicros] = archive.numbers('through', [this.#sequence, this.#appendedAtMicros]);
    const tenants = archive.isReading ? new Map<string, TenantState>() : this.#tenants;
    archive.records(
      'tenants',
      (out) => out.list(tenants.keys(), tenants.size, (name) => out.text(name)),
      (from) => from.times(() => tenants.set(from.text(), new TenantState(this.settings))),
    );
    for (const [i, tenant] of [...tenants.values()].entries()) tenant.persist(archive.part(String(i)));
    this.#tenants = tenants;
    this.#last = undefined;
    this.#sequence = sequence;
    this.#appendedAtMicros = appendedAtMicros;
  }
}

export function createState(settings: FoldSettings): State {
  return new State(settings);
}
