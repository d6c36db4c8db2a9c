import type { Journal } from '../../journal/journal.ts';
import type { Part } from '../../lifecycle.ts';
import type { Log } from '../../rpc/log.ts';
import { Digester } from './digester.ts';
import { Eraser, type OtherCopies } from './eraser.ts';
import { loadErasureKey } from './erasure-key.ts';
import { createErasureGate, type ErasureGate, type GateOptions } from './gate.ts';
import { LedgerStore } from './ledger.ts';
import { ErasureRegistry } from './registry.ts';

export interface ErasuresOptions {
  /** Where the key and the ledger are kept, beside the journal's folder. */
  readonly folder: string;
  readonly journal: Journal;
  readonly log: Log;
  readonly mask?: GateOptions['mask'];
  readonly copies?: OtherCopies | undefined;
  /** After a failure erasing is tried again so much later. */
  readonly retryMillis?: number;
}

export interface Erasures {
  readonly gate: ErasureGate;
  /** To be started before the state is folded, and before anything is published. */
  readonly part: Part;
  /** To be started when the state is folded, and before anybody may ask it. */
  readonly resumption: Part;
  /** Acknowledged, and not finished. */
  pending(): number;
  /** Whether somebody is erased or about to be: the journal must keep its beginning. */
  isBusy(): boolean;
}

/**
 * What it takes to erase people from a journal.
 * Rejects with ERASURE_KEY_WRONG, DATA_UNWRITABLE, INPUT_UNREADABLE.
 */
export async function openErasures(options: ErasuresOptions): Promise<Erasures> {
  const { folder, journal, mask, copies, log, ...rest } = options;
  const digester = new Digester(await loadErasureKey(folder));
  const store = new LedgerStore(folder, journal.status().journalId, digester);
  const registry = new ErasureRegistry({ journal, digester, store });
  const eraser = new Eraser({ journal, registry, digester, log, copies, mask, ...rest });
  return {
    gate: createErasureGate({ registry, journal, mask, onDurable: () => eraser.wake() }),
    part: eraser,
    resumption: eraser.resumption,
    pending: () => registry.waiting.length,
    isBusy: () => registry.isBusy,
  };
}
