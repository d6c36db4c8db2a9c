/** `palate status`: where a server stands. */
import { type DescEnum, toJson } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Health, HealthCheckResponse_ServingStatusSchema } from '../../gen/grpc/health/v1/health_pb.ts';
import {
  DurabilitySchema,
  type GetJournalStatusResponse,
  GetJournalStatusResponseSchema,
  IngestService,
  JournalStateSchema,
} from '../../gen/palate/ingest/v1/ingest_pb.ts';
import {
  type Following,
  type GetStateStatusResponse,
  GetStateStatusResponseSchema,
  RecommendationService,
} from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import {
  type GetScoringStatusResponse,
  GetScoringStatusResponseSchema,
  ScoringService,
  type StoreStatus,
} from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { isPalateError, PalateError } from '../errors.ts';
import { type CommandContext, defineCommand } from './command.ts';
import { grouped } from './progress-bar.ts';
import { askOptions, withClient } from './server-client.ts';
import { formatTable } from './table.ts';

const options = {
  ...askOptions,
  digest: { type: 'boolean', description: 'Ask for the digest of the state too; it costs the server time.' },
} as const;

type Context = CommandContext<typeof options>;

export const status = defineCommand({
  name: 'status',
  summary: 'Show where a server, its journal, its state and its scorer stand',
  usage: '[options]',
  details: ['Ends with code 1 when a service does not serve, and with code 3 when there is no server.'],
  options,
  examples: [
    { command: 'palate status', does: 'health, journal, state and scorer' },
    { command: 'palate status --digest --json', does: 'for a script that compares two servers' },
  ],
  run,
});

async function run(context: Context): Promise<void> {
  const [health, journal, state, scoring] = await Promise.all([
    withClient(Health, context, (client) => client.list({})),
    withClient(IngestService, context, (client) => client.getJournalStatus({})).catch(noneHere),
    withClient(RecommendationService, context, (client) =>
      client.getStateStatus({ omitDigest: !context.values.digest }),
    ).catch(noneHere),
    withClient(ScoringService, context, (client) => client.getScoringStatus({})).catch(noneHere),
  ]);
  const services = Object.entries(health.statuses).map(
    ([name, { status: serving }]) =>
      [name === '' ? 'all' : name, enumName(HealthCheckResponse_ServingStatusSchema, serving)] as const,
  );
  if (context.values.json) {
    const answer = {
      health: Object.fromEntries(services),
      ...(journal && { journal: toJson(GetJournalStatusResponseSchema, journal, { alwaysEmitImplicit: true }) }),
      ...(state && { state: toJson(GetStateStatusResponseSchema, state, { alwaysEmitImplicit: true }) }),
      ...(scoring && { scoring: toJson(GetScoringStatusResponseSchema, scoring, { alwaysEmitImplicit: true }) }),
    };
    context.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  } else {
    const rows = [
      ...services.map((pair) => [...pair]),
      ...(journal ? journalRows(journal) : []),
      ...(state ? stateRows(state) : []),
      ...(scoring ? scoringRows(scoring) : []),
    ];
    context.stdout.write(formatTable([{ title: 'what' }, { title: 'how' }], rows));
  }
  const idle = services.filter(([, serving]) => serving !== 'serving').map(([name]) => name);
  if (idle.length > 0) throw new PalateError('STARTING', `Not serving: ${idle.join(', ')}.`);
}

/** A server runs the services of its roles only, and the process that it passes others on to may be away. */
function noneHere(error: unknown): undefined {
  const isNone = isPalateError(error) && (error.reason === 'NOT_IMPLEMENTED' || isAwayInMesh(error));
  if (!isNone) throw error;
}

/** Only a server that was reached can name the service that nobody runs. */
function isAwayInMesh({ reason, metadata }: PalateError): boolean {
  return reason === 'UNREACHABLE' && metadata['service'] !== undefined;
}

/** The value's name without the enum's prefix, in lower case. */
function enumName(schema: DescEnum, value: number): string {
  const { localName = 'unknown' } = schema.value[value] ?? {};
  return localName.toLowerCase();
}

function journalRows(journal: GetJournalStatusResponse): string[][] {
  const { firstSequence, lastSequence, lastAppendedAt } = journal;
  const range = lastSequence === 0n ? 'empty' : `${firstSequence} to ${lastSequence}`;
  return [
    [
      'journal',
      `${enumName(JournalStateSchema, journal.state)}, durability ${enumName(DurabilitySchema, journal.durability)}`,
    ],
    ['journal sequences', range],
    ['journal last written', lastAppendedAt === undefined ? 'never' : timestampDate(lastAppendedAt).toISOString()],
    ['journal size', `${grouped(Number(journal.sizeBytes) / 1_000)} kB in ${journal.segments} segments`],
  ];
}

function stateRows(state: GetStateStatusResponse): string[][] {
  return [
    ['state sequence', `${state.sequence}, ${state.lag} behind the journal`],
    ['state events', grouped(Number(state.events))],
    ['state items', `${grouped(Number(state.items))}, ${grouped(Number(state.eligibleItems))} can be recommended`],
    ['state people', grouped(Number(state.people))],
    ['state sessions', grouped(Number(state.sessions))],
    ...(state.digest === '' ? [] : [['state digest', state.digest]]),
    ...(state.following === undefined ? [] : followingRows(state.following)),
  ];
}

function followingRows({ address, journalId, generation, lastSequence, lagMillis, current }: Following): string[][] {
  const lag = lagMillis < 0n ? 'has not caught up yet' : `had all of it ${grouped(Number(lagMillis))} ms ago`;
  const journal = journalId === '' ? 'nothing heard yet' : `journal ${journalId}, generation ${generation}`;
  return [
    ['follows', `${address}, ${journal}`],
    ['followed sequences', `to ${lastSequence}; ${lag}${current ? '' : ': does not keep up'}`],
  ];
}

function scoringRows(scoring: GetScoringStatusResponse): string[][] {
  const { photoStore, recordStore, sequence, lag, photosKept, photosFailed, photosDropped, photosWaiting } = scoring;
  const lost = photosFailed + photosDropped;
  const kept = `${grouped(Number(photosKept))} since the start, ${grouped(Number(photosWaiting))} wait`;
  return [
    ['photo store', storeText(photoStore)],
    ['photos kept', lost === 0n ? kept : `${kept}; ${grouped(Number(lost))} COULD NOT BE KEPT`],
    ['record store', storeText(recordStore)],
    ['record sequence', `${sequence}, ${lag} behind the journal`],
  ];
}

function storeText(store: StoreStatus | undefined): string {
  if (store === undefined) return 'unknown';
  const { kind, answers, answerMicros, reason } = store;
  return answers ? `${kind}, answers in ${Number(answerMicros) / 1_000} ms` : `${kind}, DOES NOT ANSWER (${reason})`;
}
