/** Roles: what their holders may call and publish, and those that Palate ships. */
import * as z from 'zod';
import { entries, structure, texts } from './settings.ts';

const patternList = (description: string, allowed: string, pattern: RegExp) =>
  texts({ description, default: [], pattern, allowed });

/** A method, a page or a pattern of them. */
export const methodPattern = /^(?=.*[/*])[\w./*-]+$/;
export const methodAllowed =
  'a list of methods such as palate.scoring.v1.ScoringService/Score, pages such as /metrics, or patterns with *';
const eventPattern = /^([a-z*]+\/)?[a-z_*]+$/;
const eventAllowed = 'a list of event types such as item_viewed, groups such as browse/*, or patterns with *';

const role = entries({
  methods: patternList('What its holders may call.', methodAllowed, methodPattern),
  denyMethods: patternList('What they may not call all the same.', methodAllowed, methodPattern),
  events: patternList('The types of events that they may publish.', eventAllowed, eventPattern),
  denyEvents: patternList('The types that they may not publish all the same.', eventAllowed, eventPattern),
});

/** A role, its patterns as the file has them. */
export type Role = z.output<typeof role>;

const everyone = ['grpc.health.v1.Health/*', 'grpc.reflection.*/*'];
const reading = [
  'palate.recommendation.v1.RecommendationService/*',
  'palate.scoring.v1.ScoringService/Get*',
  'palate.scoring.v1.ScoringService/List*',
];
const publishing = ['palate.ingest.v1.IngestService/Publish*'];

/** The shipped roles, in the form of the file. One of the same name in the file takes its place. */
export const shippedRoles = {
  reader: { methods: [...everyone, ...reading, 'palate.ingest.v1.IngestService/GetJournalStatus'] },
  app: {
    methods: [
      ...everyone,
      ...reading,
      ...publishing,
      'palate.scoring.v1.ScoringService/Score',
      'palate.scoring.v1.ScoringService/ScoreStream',
    ],
    events: ['browse/*', 'intent/*', 'outcome/*', 'loop/*', 'user/*'],
    denyEvents: ['user_erased'],
  },
  catalogue: { methods: [...everyone, ...reading, ...publishing], events: ['catalogue/*'] },
  expert: {
    methods: [...everyone, ...reading, ...publishing, 'palate.scoring.v1.ScoringService/ReviewScore'],
    events: ['meal_reviewed'],
  },
  peer: {
    methods: [
      ...everyone,
      ...reading,
      ...publishing,
      'palate.ingest.v1.IngestService/Subscribe',
      'palate.ingest.v1.IngestService/GetJournalStatus',
      'palate.scoring.v1.ScoringService/Score*',
      'inference.GRPCInferenceService/*',
    ],
    denyMethods: ['inference.GRPCInferenceService/Repository*'],
    events: ['meal_scored'],
  },
  monitor: {
    methods: [
      ...everyone,
      '/metrics',
      'palate.ingest.v1.IngestService/GetJournalStatus',
      'palate.recommendation.v1.RecommendationService/GetStateStatus',
      'palate.scoring.v1.ScoringService/ListModels',
      'palate.scoring.v1.ScoringService/GetScoringStatus',
    ],
  },
  operator: { methods: ['*'], events: ['*'] },
};

/** What a role may be called. */
export const roleName = /^[A-Za-z][\w.:-]{0,63}$/;
/** The map of roles: those given, over those shipped; `name: null` takes a shipped one away. */
export const roles = structure(
  z
    .preprocess(withShipped, z.record(z.string().regex(roleName), z.union([role, z.null()])))
    .transform((all) =>
      Object.fromEntries(Object.entries(all).filter((pair): pair is [string, Role] => pair[1] !== null)),
    ),
  {
    description:
      'What each role may call and publish, added to the shipped reader, app, catalogue, expert, peer, monitor and operator.',
    allowed:
      'a map from a name (letters, digits, ".", ":", "-", "_", at most 64) to a role, or to null to take a shipped one away',
    default: {},
  },
);

function withShipped(given: unknown): unknown {
  const isMap = typeof given === 'object' && given !== null && !Array.isArray(given);
  return isMap ? { ...shippedRoles, ...given } : given;
}
