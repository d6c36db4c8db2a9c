/** The part of a tenant's digest that is about what was recommended. */
import type { CanonicalOrder } from './canonical-order.ts';
import type { CanonicalWriter } from './canonical-writer.ts';
import type { TenantState } from './tenant-state.ts';

/** Placements and strategies are sorted; recommendations stand in the order served, by which they are forgotten. */
export function writeLoop(writer: CanonicalWriter, tenant: TenantState, order: CanonicalOrder): void {
  const counts = [...tenant.loop.counts()].flatMap(([placement, byStrategy]) =>
    [...byStrategy].map(([strategy, count]) => ({ name: JSON.stringify([placement, strategy]), count })),
  );
  writer.list(
    counts.sort((a, b) => (a.name < b.name ? -1 : 1)),
    ({ name, count }) => {
      writer.text(name);
      for (const value of [count.served, count.seen, count.clicked]) writer.number(value);
    },
  );
  writer.list([...tenant.loop.recommendations()], (one) => {
    writer.text(one.id);
    writer.text(one.placement);
    writer.list(one.items, (item) => writer.number(order.rankOfItem(item)));
    writer.list(one.positions, (position) => writer.number(position));
    writer.list(one.strategies, (strategy) => writer.text(strategy));
    writer.list(one.marks, (mark) => writer.number(mark));
  });
}
