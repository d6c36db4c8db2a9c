/** Reads PromQL by Prometheus's own grammar. */

import { parser } from '@prometheus-io/lezer-promql';

/** A metric that an expression asks for, with the labels that it names: in matchers, and in `by` clauses around it. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** @throws Error naming the place where an expression does not parse */
export function selectorsOf(expression: string): readonly Selector[] {
  const tree = parser.parse(expression);
  const found: { metric: string; labels: string[]; to: number; from: number }[] = [];
  const groupings: { labels: string[]; from: number; to: number }[] = [];
  tree.iterate({
    enter({ type, name, from, to, node }) {
      const text = expression.slice(from, to);
      if (type.isError) throw new Error(`no PromQL at ${from}: ${expression}`);
      if (name === 'VectorSelector') found.push({ metric: '', labels: [], from, to });
      if (name === 'Identifier') found.at(-1)!.metric = text;
      if (name === 'LabelName') {
        const grouping = node.parent?.name === 'GroupingLabels' ? node.parent : undefined;
        if (grouping === undefined) found.at(-1)!.labels.push(text);
        else groupings.push({ labels: [text], ...extentOf(grouping) });
      }
    },
  });
  for (const { labels, from, to } of groupings) {
    for (const selector of found) if (selector.from >= from && selector.to <= to) selector.labels.push(...labels);
  }
  return found.map(({ metric, labels }) => ({ metric, labels }));
}

interface Place {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly parent: Place | null;
}

/** Of the aggregation that a grouping belongs to. */
function extentOf(grouping: Place): { from: number; to: number } {
  let at: Place = grouping;
  while (at.name !== 'AggregateExpr' && at.parent !== null) at = at.parent;
  return { from: at.from, to: at.to };
}
