/** `palate.scoring.v1.ScoringService`: the handlers, in terms of the generated types. */

import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import type { OnHidden } from '../rpc/answer-by-id.ts';
import type { Call } from '../rpc/call.ts';
import { type BoundService, bindService, onWire } from '../rpc/handlers.ts';
import type { ScoreRecords } from '../storage/records/score-records.ts';
import { scoreResponse } from './answers.ts';
import { listedModel, listedPipeline } from './model-list.ts';
import type { ModelRegistry } from './models/model-registry.ts';
import type { Outbox } from './outbox.ts';
import type { ScorePhoto } from './pipeline.ts';
import { callerOf } from './question.ts';
import { knownScore, listScores, review } from './reviews.ts';
import { scoreStream } from './score-stream.ts';
import type { ScoringStatus } from './scoring-status.ts';

export interface ScoringServiceOptions {
  readonly score: ScorePhoto;
  readonly models: Pick<ModelRegistry, 'list' | 'pipelines'>;
  readonly records: Pick<ScoreRecords, 'get' | 'review' | 'list'>;
  readonly outbox: Outbox;
  readonly status: ScoringStatus;
  /** How long a photo on a stream may take that brings no time of its own, in milliseconds. */
  readonly defaultTimeoutMillis: number;
  /** Told of the causes that a stream's answers hide. */
  readonly onHidden: OnHidden;
}

/** The service over its parts. */
export function createScoringService(options: ScoringServiceOptions): BoundService<typeof ScoringService> {
  const { score, models, records, defaultTimeoutMillis, onHidden } = options;
  return bindService(ScoringService, {
    async score(request, call) {
      const began = performance.now();
      const answer = await score(request, callerOf(call));
      return scoreResponse(request.requestId, answer, Math.round((performance.now() - began) * 1e3));
    },
    scoreStream: onWire((requests: AsyncIterable<Uint8Array>, call: Call) =>
      scoreStream(score, requests, call, defaultTimeoutMillis, onHidden),
    ),
    getScore: async ({ imageId }, { tenant }) => ({ record: (await knownScore(records, tenant, imageId)).record }),
    listScores: (request, { tenant }) => listScores(records, tenant, request),
    reviewScore: (request, { tenant }) => review(options, tenant, request),
    getScoringStatus: () => options.status(),
    listModels: () => ({ models: models.list().map(listedModel), pipelines: models.pipelines().map(listedPipeline) }),
  });
}
