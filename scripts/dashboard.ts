/**
 * Writes `deploy/grafana/palate.json`, the dashboard that Grafana imports: `node scripts/dashboard.ts`. A test checks that the file
 * is what this makes, and that every panel asks for what a server shows.
 */
import { writeFileSync } from 'node:fs';
import { ingest } from './dashboard/ingest.ts';
import { mesh } from './dashboard/mesh.ts';
import { overview } from './dashboard/overview.ts';
import type { Panel, Row } from './dashboard/queries.ts';
import { recommend } from './dashboard/recommend.ts';
import { runtime } from './dashboard/runtime.ts';
import { scoring } from './dashboard/scoring.ts';

/** In their order. */
const rows: readonly Row[] = [overview, ingest, recommend, scoring, mesh, runtime];

const columns = 3;
const [width, height] = [24 / columns, 8];
const datasource = { type: 'prometheus', uid: '$datasource' };

function panelOf({ title, unit, about, queries, kind = 'timeseries' }: Panel, id: number, x: number, y: number) {
  return {
    id,
    type: kind,
    title,
    description: about,
    datasource,
    gridPos: { x, y, w: width, h: height },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: kind === 'stat' ? { textMode: 'value_and_name' } : { tooltip: { mode: 'multi', sort: 'desc' } },
    targets: queries.map(({ expr, legend }, at) => ({
      refId: String.fromCharCode(65 + at),
      datasource,
      expr,
      legendFormat: legend,
      range: true,
    })),
  };
}

function panels() {
  const all: object[] = [];
  let y = 0;
  for (const { title, panels: inRow } of rows) {
    all.push({
      id: all.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: 24, h: 1 },
      panels: [],
    });
    y += 1;
    for (const [at, panel] of inRow.entries()) {
      all.push(panelOf(panel, all.length + 1, (at % columns) * width, y + Math.floor(at / columns) * height));
    }
    y += Math.ceil(inRow.length / columns) * height;
  }
  return all;
}

const variable = (name: string, query: string, rest: object) => ({
  name,
  type: 'query',
  datasource,
  query: { query, refId: name },
  definition: query,
  refresh: 2,
  sort: 1,
  ...rest,
});

/** The dashboard, as Grafana imports it. */
export function dashboard(): string {
  const model = {
    uid: 'palate',
    title: 'Palate',
    schemaVersion: 39,
    version: 1,
    editable: true,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {} },
        variable('job', 'label_values(palate_build_info, job)', { label: 'Job' }),
        variable('instance', 'label_values(palate_build_info{job="$job"}, instance)', {
          label: 'Process',
          multi: true,
          includeAll: true,
          allValue: '.*',
        }),
      ],
    },
    panels: panels(),
  };
  return `${JSON.stringify(model, undefined, 2)}\n`;
}

if (import.meta.main) writeFileSync(new URL('../deploy/grafana/palate.json', import.meta.url), dashboard());
