/** How recommended items are shown to a person. */
import type { RecommendedItem } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { formatTable } from './table.ts';

/** A table, best first, with the reasons where the server gave any. */
export function itemsTable(items: readonly RecommendedItem[]): string {
  if (items.length === 0) return 'no items\n';
  const isExplained = items.some(({ reasons }) => reasons.length > 0);
  const columns = [
    { title: '#', align: 'right' },
    { title: 'item', maxWidth: 40 },
    { title: 'score', align: 'right' },
    { title: 'strategy' },
    ...(isExplained ? [{ title: 'why' }] : []),
  ] as const;
  const rows = items.map(({ itemId, score, strategy, reasons }, index) => [
    String(index + 1),
    itemId,
    score.toPrecision(4),
    strategy,
    ...(isExplained ? [reasons.map(({ text }) => text).join('; ')] : []),
  ]);
  return formatTable(columns, rows);
}
