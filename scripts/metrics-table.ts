/**
 * Writes `docs/metrics.md` from the tables in `src/commands/metrics/`: `node scripts/metrics-table.ts`. A test checks that the
 * file and the tables agree, and that a server that runs shows what they list.
 */
import { writeFileSync } from 'node:fs';
import { type MetricGroup, metricGroups } from '../src/commands/metrics/groups.ts';

/** The whole text of `docs/metrics.md`. */
export function metricsPage(): string {
  return `${[...opening, ...metricGroups.flatMap(sectionOf)].join('\n')}\n`;
}

function sectionOf({ title, where, metrics }: MetricGroup): string[] {
  const rows = metrics.map(({ name, type, unit, labels, help }) => {
    const cells = [`\`${name}\``, type, unit, labels.map((label) => `\`${label}\``).join(', '), help];
    return `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll('  ', ' ');
  });
  return [
    '',
    `## ${title}`,
    '',
    where,
    '',
    '| Metric | Type | Unit | Labels | Meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
}

const opening = [
  '# Metrics',
  '',
  'Generated from `src/commands/metrics/` by `node scripts/metrics-table.ts`.',
  '',
  '`GET /metrics` on the HTTP port (8080) answers in Prometheus’s text format. Calls are named by the semantic conventions of',
  'OpenTelemetry (`rpc.server.call.duration`), as Prometheus spells them. No label names a tenant, a user or an item; methods are',
  'those of the contracts, and `_OTHER` for all else. A label without a value is left out. `metrics.enabled: false` turns it all off;',
  'where the server has credentials, a caller needs the permission to open `/metrics` (the role `monitor` has it).',
  '',
  'A histogram has `_bucket`, `_sum` and `_count`; a summary here has `_sum` and `_count` only. `deploy/` has a dashboard for Grafana',
  'and alert rules over these.',
];

if (import.meta.main) writeFileSync(new URL('../docs/metrics.md', import.meta.url), metricsPage());
