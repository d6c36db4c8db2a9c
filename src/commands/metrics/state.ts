/** What the recommender's state tells: what is in it, and how far it is behind the journal. */
import { memoryOf, memoryParts } from '../../recommendation/fold/memory.ts';
import type { State } from '../../recommendation/fold/state.ts';
import type { SnapshotStatus } from '../../recommendation/shadow/snapshot-schedule.ts';
import type { FeedStatus } from '../../recommendation/state-feed.ts';
import { counter, gauge, type Labelled, type Metric } from '../../telemetry/metrics/metric.ts';

export interface StateReadings {
  readonly state: State;
  readonly feed: FeedStatus;
  /** Infinity: the state never had all of the journal. */
  readonly lagMillis: number;
  /** Requests that the shadow fold has not answered. */
  readonly shadowRequests: number;
}

export const stateMetrics: readonly Metric<StateReadings>[] = [
  gauge(
    'palate_state_sequence',
    'records',
    'Sequence of the last record that was folded.',
    ({ state }) => state.sequence,
  ),
  gauge('palate_state_lag_records', 'records', 'Durable records that are not folded yet.', ({ feed }) => feed.lag),
  gauge(
    'palate_state_lag_seconds',
    'seconds',
    'How long ago the state had all of the journal; +Inf: it never had.',
    ({ lagMillis }) => lagMillis / 1e3,
  ),
  gauge(
    'palate_state_failed',
    '',
    '1: the state has stopped following the journal, and the process has to be restarted.',
    ({ feed }) => Number(feed.failure !== undefined),
  ),
  gauge(
    'palate_state_current',
    '',
    "Of a follower. 1: it keeps up with its owner's journal; 0: it does not, and does not serve.",
    ({ feed }) => feed.following && Number(feed.following.isCurrent),
  ),
  counter(
    'palate_state_folded_records_total',
    'records',
    'Records folded since the process began.',
    ({ feed }) => feed.records,
  ),
  counter(
    'palate_state_unreadable_records_total',
    'records',
    'Records whose bytes are no event: they were passed over, and the log has their sequences.',
    ({ feed }) => feed.unreadable,
  ),
  gauge(
    'palate_state_replay_seconds',
    'seconds',
    'How long the replay at the start took.',
    ({ feed }) => feed.replayMillis / 1e3,
  ),
  gauge('palate_state_tenants', 'tenants', 'Tenants with a state.', ({ state }) => state.tenantNames().length),
  gauge('palate_state_events', 'events', 'Events in the states of all tenants.', ({ state }) =>
    sumOf(state, ({ events }) => events),
  ),
  gauge('palate_state_items', 'items', 'Items known, over all tenants.', ({ state }) =>
    sumOf(state, ({ catalogue }) => catalogue.size),
  ),
  gauge('palate_state_people', 'people', 'People known, over all tenants.', ({ state }) =>
    sumOf(state, ({ people }) => people.size),
  ),
  gauge('palate_state_sessions', 'sessions', 'Sessions held, over all tenants.', ({ state }) =>
    sumOf(state, ({ sessions }) => sessions.count),
  ),
  gauge('palate_state_categories', 'categories', 'Categories that have items, over all tenants.', ({ state }) =>
    sumOf(state, ({ categories }) => categories.held),
  ),
  gauge(
    'palate_state_bytes',
    'bytes',
    'Typed arrays of the state by part, over all tenants. What items are like, carts, orders and meals are in V8’s heap.',
    ({ state }) => memory(state),
    ['part'],
  ),
  counter(
    'palate_state_evicted_items_total',
    'items',
    'Items that had to leave the state for others, over all tenants: recommendation.items.maxItems is reached.',
    ({ state }) => sumOf(state, ({ catalogue }) => catalogue.evicted),
  ),
  counter(
    'palate_state_evicted_people_total',
    'people',
    'People who had to leave the state for others, over all tenants: recommendation.people.maxPeople is reached.',
    ({ state }) => sumOf(state, ({ people }) => people.evicted),
  ),
  counter(
    'palate_state_refused_categories_total',
    'categories',
    'Times that an item could not be put into a category, over all tenants: recommendation.items.maxCategories is reached.',
    ({ state }) => sumOf(state, ({ categories }) => categories.refused),
  ),
  gauge(
    'palate_shadow_requests',
    'requests',
    'Requests for the past that wait for the shadow fold: snapshots, digests, reads with as_of.',
    ({ shadowRequests }) => shadowRequests,
  ),
];

export const snapshotMetrics: readonly Metric<SnapshotStatus>[] = [
  gauge(
    'palate_snapshot_sequence',
    'records',
    'How far the last snapshot goes; 0: there is none.',
    ({ sequence }) => sequence,
  ),
  gauge('palate_snapshot_bytes', 'bytes', 'Size of the last snapshot: what the state held then.', ({ bytes }) => bytes),
  gauge('palate_snapshot_missed_records', 'records', 'Records since the last snapshot.', ({ missed }) => missed),
  gauge(
    'palate_snapshot_written_timestamp_seconds',
    'seconds',
    'When this process wrote its last snapshot, since 1970; 0: it has written none.',
    ({ writtenAtMillis }) => writtenAtMillis / 1e3,
  ),
  counter(
    'palate_snapshot_failures_total',
    'failures',
    'Snapshots that could not be written.',
    ({ failures }) => failures,
  ),
];

function memory(state: State): readonly Labelled[] {
  const ofTenants = state.tenantNames().map((name) => memoryOf(state.tenant(name)!));
  return memoryParts.map((part) => {
    return { labels: [part], value: ofTenants.reduce((sum, bytes) => sum + bytes[part], 0) };
  });
}

type TenantState = NonNullable<ReturnType<State['tenant']>>;

function sumOf(state: State, of: (tenant: TenantState) => number): number {
  return state.tenantNames().reduce((sum, name) => sum + of(state.tenant(name)!), 0);
}
