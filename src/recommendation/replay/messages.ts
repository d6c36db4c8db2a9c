/** What passes between a replay and the threads that help it. */
import type { FoldSettings } from '../fold/settings.ts';
import type { Section } from '../snapshots/archive-reader.ts';
import type { BlockMemory, BlockParts } from './scanned-block.ts';

/** What the thread that scans starts with. */
export interface ScanData {
  /** The journal's. */
  readonly folder: string;
  /** Durable. */
  readonly throughSequence: number;
  /** Of the blocks, which go round. */
  readonly memories: readonly BlockMemory[];
}

/** To the thread that scans: a block was folded, and its memory can be written anew. */
export interface ToScan {
  readonly folded: number;
}

/** From the thread that scans: what it put into which memory, or that there is no more. */
export type FromScan = { readonly place: number; readonly block: BlockParts } | { readonly isOver: true };

/** What the thread that keeps tallies starts with. */
export interface TallyData {
  readonly settings: FoldSettings;
}

/**
 * To the thread that keeps tallies: that there is a row of a tenant's log, in a place that is told with the memory that
 * both threads share when it comes first; or that there are no more.
 */
export type ToTallies =
  | {
      readonly tenant: string;
      readonly place: number;
      readonly length: number;
      readonly memory: Float64Array | undefined;
    }
  | { readonly isOver: true };

/** From it: a row was added up, to be written anew; at the end the tallies of all tenants, by their names. */
export type FromTallies = { readonly place: number } | { readonly tallies: ReadonlyMap<string, Map<string, Section>> };
