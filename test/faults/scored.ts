/** Photos sent to a server by a client that is not ours. */

import type { Client } from '@grpc/grpc-js';
import { type ScoreRequest, type ScoreResponse, ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { type CallHeaders, call } from '../interop/plain-client.ts';

type Whose = Partial<Pick<ScoreRequest, 'userId' | 'itemId' | 'model'>>;

/** Sends a photo's bytes. */
export function scoreBytes(client: Client, value: Uint8Array, whose: Whose = {}, given?: CallHeaders) {
  return call(client, ScoringService.method.score, { ...whose, image: { case: 'imageBytes', value } }, given);
}

/** Sends an address. */
export function scoreUri(client: Client, value: string): Promise<ScoreResponse> {
  return call(client, ScoringService.method.score, { image: { case: 'imageUri', value } });
}

/** How many images the models have run. */
export async function imagesRun(client: Client): Promise<number> {
  const { models } = await call(client, ScoringService.method.listModels, {});
  return models.reduce((sum, { instances }) => sum + instances.reduce((all, { images }) => all + Number(images), 0), 0);
}
