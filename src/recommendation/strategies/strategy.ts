import type { TenantState } from '../fold/tenant-state.ts';

/** What a strategy knows of the question. Items are the tenant's numbers. */
export interface Query {
  /**
   * The session's items, oldest first. A negative number stands for an item that the state does not know: it holds its
   * place, and equal numbers are equal items.
   */
  readonly session: Int32Array;
  /** Whom it is for; -1: nobody known. */
  readonly person: number;
  /** The session that the question comes from, which is no neighbour of its own; -1: none. */
  readonly sessionNumber: number;
  /** Only items of this category or below; '': all. */
  readonly category: string;
  /** The only items to judge, or undefined: any. */
  readonly only: readonly number[] | undefined;
  /** Collect what an explanation needs. */
  readonly explain: boolean;
}

/** What a candidate rests on. Item numbers; never a person or a session. */
export type Evidence =
  | { readonly kind: 'sessions'; readonly sessions: number; readonly items: readonly number[] }
  | { readonly kind: 'together'; readonly items: readonly number[] }
  | { readonly kind: 'likeness'; readonly items: readonly number[] }
  | { readonly kind: 'looks'; readonly items: readonly number[] }
  | { readonly kind: 'popular'; readonly category: string }
  | { readonly kind: 'recent' }
  | { readonly kind: 'new' };

/** An item that a strategy proposes. Scores compare within one strategy and one query. */
export interface Candidate {
  readonly item: number;
  readonly score: number;
  readonly evidence: Evidence | undefined;
}

/**
 * Asked of each candidate, best first, once. True: it is taken. A strategy that is told true `limit` times ends, so that
 * who wants no more says true to all.
 */
export type Accept = (item: number) => boolean;

/** Proposes at most `limit` accepted candidates, best first. It reads the state and changes nothing. */
export type Strategy = (tenant: TenantState, query: Query, limit: number, accept: Accept) => Candidate[];
