import type { TenantState } from './fold/tenant-state.ts';
import type { Evidence } from './strategies/strategy.ts';

/** Why an item is recommended, as `palate.recommendation.v1.Reason` has it. */
export interface Explanation {
  readonly text: string;
  readonly itemIds: string[];
  readonly sessions: number;
}

/** So many items are named in one sentence. */
const maxNamed = 3;

/** The reasons behind a candidate, for people. Evidence holds items and counts only: nobody else can be told from it. */
export function explain(tenant: TenantState, evidence: Evidence | undefined): Explanation[] {
  if (evidence === undefined) return [];
  const items = 'items' in evidence ? evidence.items.slice(0, maxNamed) : [];
  const titles = joined(items.map((item) => `'${titleOf(tenant, item)}'`));
  const sessions = evidence.kind === 'sessions' ? evidence.sessions : 0;
  return [{ text: sentence(evidence, titles), itemIds: items.map((item) => tenant.catalogue.idOf(item)), sessions }];
}

function sentence(evidence: Evidence, titles: string): string {
  switch (evidence.kind) {
    case 'sessions':
      return ofSessions(evidence.sessions, titles);
    case 'together':
      return `Often seen together with ${titles}`;
    case 'likeness':
      return `Similar to ${titles}`;
    case 'looks':
      return `Looks like ${titles}`;
    case 'popular':
      return evidence.category === '' ? 'Popular now' : `Popular now in ${evidence.category.split('/').at(-1)}`;
    case 'recent':
      return 'Looked at recently';
    case 'new':
      return 'From the catalogue';
  }
}

function ofSessions(count: number, titles: string): string {
  const visits = count === 1 ? '1 earlier visit' : `${count} earlier visits`;
  return titles === '' ? `${visits} like this one had this` : `${visits} with ${titles} also had this`;
}

function titleOf({ catalogue }: TenantState, item: number): string {
  return catalogue.describedBy(item)?.title || catalogue.idOf(item);
}

function joined(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
