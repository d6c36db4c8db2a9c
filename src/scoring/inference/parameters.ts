/** What a request says beside its tensors: Triton's "schedule policy" and the like. */

import { create } from '@bufbuild/protobuf';
import { type InferParameter, InferParameterSchema } from '../../../gen/grpc_service_pb.ts';
import { invalid } from './refusal.ts';

export type Parameters = Readonly<Record<string, InferParameter>>;

/** When and how urgently an answer is wanted. */
export interface Schedule {
  /** From now on, in milliseconds; Infinity: the request does not say. */
  readonly timeoutMillis: number;
  /** As the batcher has it, 0 first; undefined: the usual one. */
  readonly priority: number | undefined;
}

/** How many priorities the batcher has: 1 to 3 on the wire. */
export const priorityLevels = 3;

/**
 * Reads `timeout` (microseconds; 0: none) and `priority` (1 is the highest; 0 and what is beyond the lowest: the usual one).
 * @throws PalateError INVALID_REQUEST
 */
export function scheduleOf(parameters: Parameters): Schedule {
  const timeout = wholeNumber(parameters, 'timeout', 'parameters') ?? 0;
  const priority = wholeNumber(parameters, 'priority', 'parameters') ?? 0;
  const isKnown = priority >= 1 && priority <= priorityLevels;
  return {
    timeoutMillis: timeout === 0 ? Number.POSITIVE_INFINITY : timeout / 1e3,
    priority: isKnown ? priority - 1 : undefined,
  };
}

/** A parameter that is a whole number and not below 0; undefined: it is not there. `place`: of the parameters. */
export function wholeNumber(parameters: Parameters, name: string, place: string): number | undefined {
  const choice = parameters[name]?.parameterChoice;
  if (choice === undefined) return undefined;
  const isInteger = choice.case === 'int64Param' || choice.case === 'uint64Param';
  if (isInteger && choice.value >= 0n) return Number(choice.value);
  const problem = `parameter '${name}' has an invalid type or value. It should be an int64 or uint64, 0 or more`;
  throw invalid(problem, `${place}["${name}"]`);
}

/** A parameter that is a text; undefined: it is not there, or is none. */
export function textParameter(parameters: Parameters, name: string): string | undefined {
  const choice = parameters[name]?.parameterChoice;
  return choice?.case === 'stringParam' ? choice.value : undefined;
}

/** @throws PalateError INVALID_REQUEST where a tensor is to lie in memory that the caller shares */
export function refuseSharedMemory(parameters: Parameters, tensor: string, place: string): void {
  if (parameters['shared_memory_region'] === undefined) return;
  const problem = `shared memory is not supported: send the contents of '${tensor}' in the request`;
  throw invalid(problem, `${place}.parameters["shared_memory_region"]`);
}

/** A parameter of an answer. */
export function integerParameter(value: number): InferParameter {
  return create(InferParameterSchema, { parameterChoice: { case: 'int64Param', value: BigInt(Math.round(value)) } });
}
