/** What passes between a replay and the thread that keeps its tallies. */
import type { FoldSettings } from '../fold/settings.ts';
import type { Section } from '../snapshots/archive-reader.ts';

/** What the thread starts with. */
export interface TallyData {
  readonly settings: FoldSettings;
}

/** To the thread: a row of a tenant's log, or that there are no more. */
export type ToTallies =
  | { readonly tenant: string; readonly row: Float64Array<ArrayBuffer>; readonly length: number }
  | { readonly isOver: true };

/** From the thread: a row that was added up, to be written anew; at the end the tallies of all tenants, by their names. */
export type FromTallies =
  | { readonly row: Float64Array<ArrayBuffer> }
  | { readonly tallies: ReadonlyMap<string, Map<string, Section>> };
