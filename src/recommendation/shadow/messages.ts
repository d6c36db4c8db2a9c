/** What the serving thread and the shadow fold say to each other. All of it can be cloned. */
import type { ConnectionOptions } from '../../rpc/client/connection.ts';
import type { FoldSettings } from '../fold/settings.ts';
import type { Placements } from '../placements.ts';
import type { SessionKnnSettings } from '../strategies/neighbours.ts';
import type { SessionStanSettings } from '../strategies/session-stan.ts';

/** What the worker starts with. */
export interface ShadowData {
  /** Its files, or `host:port` of its owner. */
  readonly journal: { readonly folder: string } | { readonly follow: string; readonly connection: ConnectionOptions };
  readonly snapshotFolder: string;
  /** How many snapshots stay. */
  readonly keep: number;
  readonly fold: FoldSettings;
  readonly placements: Placements;
  readonly sessionKnn: SessionKnnSettings;
  readonly sessionStan: SessionStanSettings;
}

/** A past moment: after a record that is durable, or at an earlier time than that of some durable record. */
export type Moment = { readonly sequence: number; readonly atMicros?: number } | { readonly appendedAtMicros: number };

/** Asks for what a method answers at a moment. */
export interface AnswerRequest {
  readonly moment: Moment;
  readonly generation: number;
  readonly tenant: string;
  /** Its local name: `recommend`. */
  readonly method: string;
  /** The request message, with neither `as_of` nor `min_sequence`. */
  readonly request: Uint8Array;
}

/** `generation`: the one that the journal had settled on. A state of another one is folded anew. */
export interface DigestRequest {
  readonly sequence: number;
  readonly generation: number;
  readonly tenant: string;
}

export interface SnapshotRequest {
  readonly sequence: number;
  readonly generation: number;
}

export interface CoverRequest {
  readonly copies: number;
}
