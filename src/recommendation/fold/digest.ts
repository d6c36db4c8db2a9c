/**
 * A hash of a tenant's state: equal for equal journals in any process. It goes over external ids in sorted order, so it
 * does not depend on interned numbers, on other tenants, or on how much room arrays have.
 */
import { type CanonicalOrder, canonicalOrder } from './canonical-order.ts';
import { writeDescription } from './canonical-values.ts';
import { CanonicalWriter } from './canonical-writer.ts';
import { writeLoop } from './digest-loop.ts';
import { writePeople } from './digest-people.ts';
import type { Installed } from './installed.ts';
import type { TenantState } from './tenant-state.ts';

/** 64 lower-case hexadecimal digits. Costs time in proportion to the state: for a worker, not for the serving thread. */
export function digestOf(tenant: TenantState): string {
  const writer = new CanonicalWriter();
  const order = canonicalOrder(tenant);
  writer.number(tenant.events);
  writer.number(tenant.lastOccurredAtMicros);
  writer.number(tenant.erasures);
  writeItems(writer, tenant, order);
  writeNewest(writer, tenant, order);
  writeSessions(writer, tenant, order);
  writePeople(writer, tenant, order);
  writeLoop(writer, tenant, order);
  for (const installed of [tenant.placements, tenant.strategies, tenant.experiments, tenant.models]) {
    writeInstalled(writer, installed);
  }
  for (let kind = 0; kind < 8; kind++) writer.number(tenant.traffic.pages(kind));
  writer.number(tenant.traffic.searches);
  writer.number(tenant.traffic.fruitlessSearches);
  writeNextToLeave(writer, tenant, order);
  writeCategories(writer, tenant, order);
  return writer.digest();
}

function writeItems(writer: CanonicalWriter, tenant: TenantState, order: CanonicalOrder): void {
  const { catalogue, popularity, trending, traffic, loop } = tenant;
  writer.number(popularity.landmarkMicros);
  writer.number(trending.landmarkMicros);
  writer.list(order.items, (item) => {
    writer.text(catalogue.idOf(item));
    writer.optional(catalogue.describedBy(item), (description) => writeDescription(writer, description));
    writer.number(catalogue.isRemoved(item) ? 1 : 0);
    writer.number(catalogue.stockOf(item));
    writer.number(catalogue.quantityOf(item));
    writer.number(popularity.heldScore(item));
    writer.number(trending.heldScore(item));
    writer.number(traffic.shown(item));
    const { served, seen, clicked } = loop.itemCounts(item);
    for (const count of [served, seen, clicked]) writer.number(count);
    writePostings(writer, tenant, item);
    writePartners(writer, tenant, order, item);
    writeLikeness(writer, tenant, order, item);
  });
}

/** Sessions go by their numbers: the order in which they began. */
function writePostings(writer: CanonicalWriter, tenant: TenantState, item: number): void {
  const { sessions } = tenant;
  const postings = new Int32Array(sessions.postingCount(item));
  sessions.copyPostings(item, postings);
  writer.number(sessions.sessionsWith(item));
  writer.number(postings.length);
  for (const session of postings) writer.number(session);
}

function writePartners(writer: CanonicalWriter, tenant: TenantState, order: CanonicalOrder, item: number): void {
  const most = tenant.coOccurrence.count(item);
  const partners = new Int32Array(most);
  const weights = new Float64Array(most);
  const count = tenant.coOccurrence.neighbours(item, partners, weights);
  const sorted = Array.from(
    partners.subarray(0, count),
    (partner, i) => [order.rankOfItem(partner), weights[i]!] as const,
  );
  writer.list(
    sorted.sort(([a], [b]) => a - b),
    ([rank, weight]) => {
      writer.number(rank);
      writer.number(weight);
    },
  );
}

function writeLikeness(writer: CanonicalWriter, tenant: TenantState, order: CanonicalOrder, item: number): void {
  writer.list([...tenant.similarityLists.of(item)], ([name, list]) => {
    writer.text(name);
    writer.list([...list.items], (neighbour) => writer.number(order.rankOfItem(neighbour)));
    writer.list([...list.similarities], (similarity) => writer.number(similarity));
  });
  writer.optional(tenant.meals.embeddingOf(item), (embedding) => {
    writer.list([...embedding], (value) => writer.number(value));
  });
}

function writeNewest(writer: CanonicalWriter, tenant: TenantState, order: CanonicalOrder): void {
  const newest = tenant.catalogue.newest(tenant.catalogue.size, () => true);
  writer.list(newest, (item) => writer.number(order.rankOfItem(item)));
}

function writeSessions(writer: CanonicalWriter, tenant: TenantState, order: CanonicalOrder): void {
  const { sessions, people } = tenant;
  writer.number(sessions.size);
  for (let session = sessions.first; session < sessions.size; session++) {
    writer.optional(sessions.keyOf(session), (key) => writer.text(key));
    writer.number(order.rankOf(people.resolve(sessions.personOf(session))));
    writer.number(sessions.firstTimeMicros(session));
    writer.number(sessions.lastTimeMicros(session));
    const items = sessions.itemsOf(session);
    writer.number(items.length);
    for (const item of items) writer.number(order.rankOfItem(item));
  }
}

/** Once somebody or something left, the order in which the others will. */
function writeNextToLeave(writer: CanonicalWriter, { people, catalogue }: TenantState, order: CanonicalOrder): void {
  if (people.evicted > 0) {
    writer.number(people.evicted);
    writer.list([...people.nextToLeave()], (person) => {
      writer.number(order.rankOf(people.resolve(people.handleOf(person))));
    });
  }
  if (catalogue.evicted > 0) {
    writer.number(catalogue.evicted);
    writer.list([...catalogue.nextToLeave()], (item) => writer.number(order.rankOfItem(item)));
  }
}

/** Once a category could not begin, what items are in does not follow from what they are described by. */
function writeCategories(writer: CanonicalWriter, { categories }: TenantState, order: CanonicalOrder): void {
  if (categories.refused === 0) return;
  writer.number(categories.refused);
  writer.list(order.items, (item) => {
    writer.list([...categories.namesOf(item)].sort(), (name) => writer.text(name));
  });
}

/** In the order installed, by which entries leave. */
function writeInstalled(writer: CanonicalWriter, installed: Installed): void {
  writer.list([...installed.entries()], ([name, text]) => {
    writer.text(name);
    writer.text(text);
  });
}
