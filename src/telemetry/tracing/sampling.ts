/** Head sampling by the variables of OpenTelemetry: https://opentelemetry.io/docs/specs/otel/trace/sdk/#sampling */
import { PalateError } from '../../errors.ts';
import type { TraceContext } from './trace-context.ts';

/** Whether a span of this parent is recorded, and with it all that it leads to. */
export type Sample = (parent: TraceContext | undefined) => boolean;

/** Trace ids below this, of their last 56 bits, are among the ratio: https://www.w3.org/TR/trace-context-2/#random-trace-id-flag */
const idSpace = 2 ** 52;

/**
 * The sampler that `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` name; default `parentbased_always_on`.
 * @throws PalateError CONFIG_INVALID
 */
export function samplerOf(name = 'parentbased_always_on', argument = '1'): Sample {
  const isParentBased = name.startsWith('parentbased_');
  const root = rootSampler(isParentBased ? name.slice('parentbased_'.length) : name, argument);
  if (!isParentBased) return root;
  return (parent) => parent?.isSampled ?? root(undefined);
}

function rootSampler(name: string, argument: string): Sample {
  if (name === 'always_on') return () => true;
  if (name === 'always_off') return () => false;
  if (name !== 'traceidratio') {
    const known = 'always_on, always_off, traceidratio, and each with parentbased_ before it';
    throw new PalateError('CONFIG_INVALID', `OTEL_TRACES_SAMPLER is ${name}; there are ${known}.`);
  }
  const ratio = Number(argument);
  if (argument.trim() === '' || !(ratio >= 0 && ratio <= 1)) {
    throw new PalateError('CONFIG_INVALID', `OTEL_TRACES_SAMPLER_ARG is ${argument}; it is a number from 0 to 1.`);
  }
  // A new trace gets a random id: to draw a number is the same, and spares the id where it is not recorded.
  return (parent) => (parent === undefined ? Math.random() : placeOf(parent.traceId)) < ratio;
}

/** Where an id lies among all, from 0 to below 1: the same on every process that sees the trace. */
function placeOf(traceId: string): number {
  return Number.parseInt(traceId.slice(-13), 16) / idSpace;
}
