import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { createGrpcClient } from '../../src/rpc/client/grpc-client.ts';

/** Images that went through a server's models so far. */
export async function inferredImages(address: string): Promise<number> {
  const { call, close } = createGrpcClient(ScoringService, address);
  try {
    const { models } = await call.listModels({});
    return models.flatMap(({ instances }) => instances).reduce((sum, { images }) => sum + Number(images), 0);
  } finally {
    close();
  }
}
