/** Everything that a server can tell of itself, by what tells it. */
import { callMetrics } from '../../telemetry/metrics/call-times.ts';
import type { MetricHead } from '../../telemetry/metrics/metric.ts';
import { scrapeMetrics } from '../../telemetry/metrics/metric-registry.ts';
import { processMetrics } from '../../telemetry/metrics/process-metrics.ts';
import { ingestMetrics } from './ingest.ts';
import { journalMetrics } from './journal.ts';
import { meshMetrics } from './mesh.ts';
import { modelMetrics } from './models.ts';
import { scoringMetrics } from './scoring.ts';
import { serverMetrics } from './server.ts';
import { snapshotMetrics, stateMetrics } from './state.ts';

export interface MetricGroup {
  readonly title: string;
  /** Which processes have them. */
  readonly where: string;
  readonly metrics: readonly MetricHead[];
}

export const metricGroups: readonly MetricGroup[] = [
  { title: 'Calls', where: 'Every process.', metrics: callMetrics },
  { title: 'Server', where: 'Every process.', metrics: [...serverMetrics, ...scrapeMetrics] },
  { title: 'Mesh', where: 'Processes that pass calls on to others.', metrics: meshMetrics },
  { title: 'Ingest', where: 'Processes with the role ingest.', metrics: ingestMetrics },
  { title: 'Journal', where: 'Processes with a journal of their own.', metrics: journalMetrics },
  { title: 'State', where: 'Processes with the role recommendation.', metrics: stateMetrics },
  {
    title: 'Snapshots',
    where: 'Processes with the role recommendation, where snapshots are written.',
    metrics: snapshotMetrics,
  },
  { title: 'Scoring', where: 'Processes with the role scoring.', metrics: scoringMetrics },
  { title: 'Models', where: 'Processes with the role scoring, for each model that is loaded.', metrics: modelMetrics },
  { title: 'Process', where: 'Every process.', metrics: processMetrics },
];
