/** Reads `pipeline.yaml`: models that look at a photo one after the other, each under a condition on those before it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { PalateError } from '../../errors.ts';
import { notFoodMessage } from '../judgement/judge.ts';
import { version, word } from './manifest-schema.ts';

/** What is known of a pipeline before its models are looked at. */
export interface PipelineManifest {
  readonly name: string;
  readonly version: string;
  /** Its `pipeline.yaml`. */
  readonly file: string;
  /** In order, at least one; the last one gives labels and score. */
  readonly steps: readonly PipelineStep[];
}

export interface PipelineStep {
  /** What conditions call it. */
  readonly name: string;
  readonly model: string;
  /** Empty: the one that answers where no version is asked for. */
  readonly version: string;
  /** Undefined: every photo comes to it. */
  readonly gate: StepGate | undefined;
}

/** Which photos come to a step, and what becomes of the others. */
export interface StepGate {
  /** In CEL, over the steps before. */
  readonly when: string;
  readonly refusal: { readonly reason: 'NOT_FOOD'; readonly message: string };
}

/** Their own meaning in CEL (https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax). */
const reserved = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
);

const stepName = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: 'it must be 1 to 63 of a-z, 0-9 and "_", and no digit first' })
  .refine((name) => !reserved.has(name), { error: 'this word has a meaning of its own in CEL' });

const step = z.strictObject({
  name: stepName.optional(),
  model: word,
  version: version.optional(),
  when: z.string().min(1).optional(),
  otherwise: z.literal('NOT_FOOD', { error: 'it must be NOT_FOOD' }).optional(),
  message: z.string().min(1).max(500).optional(),
});

const pipelineSchema = z.strictObject({ name: word, version, steps: z.array(step).min(1).max(16) });

type StepEntry = z.output<typeof step>;

/** Whether a folder is that of a pipeline. */
export function isPipeline(folder: string): boolean {
  return existsSync(join(folder, fileName));
}

/**
 * Reads a pipeline's folder.
 * @throws PalateError MODEL_INVALID, with the file, the key and what it should be
 */
export function readPipeline(folder: string): PipelineManifest {
  const file = join(folder, fileName);
  const { name, version, steps } = checked(file);
  const named = steps.map((entry, index) => stepOf(file, entry, index));
  for (const [index, { name }] of named.entries()) {
    const isTwice = named.findIndex((other) => other.name === name) !== index;
    if (isTwice) throw pipelineInvalid(file, index, `another step is called ${name}: give it a name of its own`);
  }
  return { name, version, file, steps: named };
}

/** A mistake in a step; they are counted from 1. */
export function pipelineInvalid(file: string, step: number, problem: string, cause?: unknown): PalateError {
  return new PalateError('MODEL_INVALID', `${file}: step ${step + 1}: ${problem}`, { cause });
}

const fileName = 'pipeline.yaml';

function stepOf(file: string, entry: StepEntry, index: number): PipelineStep {
  const { model, version = '', when, otherwise, message = notFoodMessage } = entry;
  const name = entry.name ?? model;
  if (!stepName.safeParse(name).success) {
    throw pipelineInvalid(file, index, `conditions can't call it "${name}": give it a name of a-z, 0-9 and "_"`);
  }
  if (when === undefined) {
    const isLost = otherwise !== undefined || entry.message !== undefined;
    if (isLost) throw pipelineInvalid(file, index, 'otherwise and message belong to a condition: when is missing');
    return { name, model, version, gate: undefined };
  }
  if (index === 0) throw pipelineInvalid(file, index, 'when needs a step before it to go by');
  if (otherwise === undefined) {
    throw pipelineInvalid(file, index, 'what becomes of the other photos? "otherwise: NOT_FOOD" is missing');
  }
  return { name, model, version, gate: { when, refusal: { reason: otherwise, message } } };
}

function checked(file: string): z.output<typeof pipelineSchema> {
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new PalateError('MODEL_INVALID', `${file}: ${(error as Error).message}`, { cause: error });
  }
  const result = pipelineSchema.safeParse(content);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`);
  throw new PalateError('MODEL_INVALID', `${file}: ${problems.join('; ')}`);
}
