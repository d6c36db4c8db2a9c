/** Images at a steady rate through the inference protocol, and what became of each. */

import type { GRPCInferenceService } from '../../gen/grpc_service_pb.ts';
import { isPalateError } from '../../src/errors.ts';
import type { Client } from '../../src/rpc/client/client.ts';
import { tinySize } from '../interop/tiny-onnx.ts';
import { numbers, type Request } from '../scoring/inference/open-inference.ts';

export interface Load {
  readonly perSecond: number;
  readonly seconds: number;
  /** Of each request, from the moment at which it was due. */
  readonly timeoutMillis: number;
  /** Called once, so long after the first request. */
  readonly during?: { readonly afterMillis: number; run(): void | Promise<void> };
}

export interface LoadOutcome {
  readonly sent: number;
  /** Of the answers, in order of size: from when the request was due. */
  readonly latencies: readonly number[];
  /** Of those that were refused, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Answers about another image than the one that was sent. */
  readonly mixed: number;
}

/** A request of one to three images of one colour each. */
function requestOf(number: number): { readonly colours: readonly number[]; readonly request: Request } {
  const colours = Array.from({ length: 1 + (number % 3) }, (_, index) => (number * 7 + index * 31) % 251);
  const each = tinySize ** 2 * 3;
  const raw = new Uint8Array(colours.length * each);
  for (const [index, value] of colours.entries()) raw.fill(value, index * each, (index + 1) * each);
  const shape = [colours.length, tinySize, tinySize, 3].map(BigInt);
  const inputs = [{ name: 'image', datatype: 'UINT8', shape }];
  return { colours, request: { modelName: 'tiny', inputs, rawInputContents: [raw] } };
}

/** Sends requests to a server with the tiny model, whether the earlier ones are answered or not. */
export async function load(client: Client<typeof GRPCInferenceService>, plan: Load): Promise<LoadOutcome> {
  const sent = Math.round(plan.perSecond * plan.seconds);
  const latencies: number[] = [];
  const failures: Record<string, number> = {};
  let mixed = 0;
  const begun = performance.now();
  const one = async (number: number): Promise<void> => {
    const due = begun + (number * 1e3) / plan.perSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    const { colours, request } = requestOf(number);
    try {
      const answer = await client.modelInfer(request, { timeoutMillis: due + plan.timeoutMillis - performance.now() });
      const means = numbers(answer, 'mean');
      if (!colours.every((value, index) => Math.abs(means[index * 3]! - value) < 0.01)) mixed++;
      latencies.push(performance.now() - due);
    } catch (error) {
      const reason = isPalateError(error) ? error.reason : String(error);
      failures[reason] = (failures[reason] ?? 0) + 1;
    }
  };
  const { during } = plan;
  const event = during && new Promise((resolve) => setTimeout(resolve, during.afterMillis)).then(() => during.run());
  await Promise.all([event, ...Array.from({ length: sent }, (_, number) => one(number))]);
  return { sent, latencies: latencies.sort((one, other) => one - other), failures, mixed };
}

/** `share`: 0.99 for p99. */
export function percentile({ latencies }: LoadOutcome, share: number): number {
  return latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
}
