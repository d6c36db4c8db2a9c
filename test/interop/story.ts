/** What the example clients of every language do, and print, a line a thing done. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRegistry, fromBinary, toJson } from '@bufbuild/protobuf';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.ts';
import { type Scope, type ServedPalate, servePalate } from '../servers/palate-process.ts';
import type { Answer } from './every-method.ts';
import type { Output } from './run-program.ts';
import { type Addresses, startProgram } from './start-program.ts';

export const allLines: readonly RegExp[] = [
  /^published: 3 accepted, 0 duplicates$/,
  /^published: 2 accepted, 0 duplicates$/,
  /^published: 1 accepted, 0 duplicates, event 1 rejected: PAYLOAD_MISSING$/,
  /^published: 0 accepted, 3 duplicates$/,
  /^recommended: cheese, bread$/,
  /^scored: [45]\.\d, Banana$/,
  /^refused: INVALID_ARGUMENT INVALID_REQUEST, field placement, field limit$/,
  /^deadline: DEADLINE_EXCEEDED after [67] records$/,
  /^cancelled: CANCELLED$/,
  /^not ready: UNAVAILABLE STARTING, again after 50 ms$/,
  /^retried: attempt 3$/,
];

/** A photo that has a score. */
export const photo = fileURLToPath(new URL('../../bench/data/grocery/meal-banana.jpg', import.meta.url));

export interface Stage {
  readonly palate: ServedPalate;
  readonly unready: Addresses;
}

/** The servers that an example client meets, each a process of its own. */
export async function setStage(t: Scope, args: readonly string[] = []): Promise<Stage> {
  const roles = ['--roles', 'ingest,recommendation,scoring', '--set', 'scoring.models.instances=1'];
  const [palate, unready] = await Promise.all([
    servePalate(t, { args: [...roles, ...args] }),
    startProgram(t, './unready-server.ts'),
  ]);
  return { palate, unready };
}

/** Holds what a client printed against what it should have, line by line. */
export function tellsStory(output: Output, lines: readonly RegExp[] = allLines): void {
  const printed = output.stdout.trimEnd().split('\n');
  test('the client ends well', () => assert.equal(output.code, 0, `${output.stdout}\n${output.stderr}`));
  for (const [index, line] of lines.entries())
    test(`it prints ${line}`, () => assert.match(printed[index] ?? '', line));
  test('and nothing else', () => assert.equal(printed.length, lines.length, output.stdout));
}

/** What the details of an error in JSON say, as JSON of `google.rpc.Status` or of Connect, which has them in base64. */
export function statusDetailsOf({ details }: Answer) {
  const registry = createRegistry(ErrorInfoSchema, BadRequestSchema, RetryInfoSchema);
  const opened: Answer[] = details.map((detail: Answer) => {
    const schema = registry.getMessage(detail.type ?? '');
    if (schema === undefined) return detail;
    return toJson(schema, fromBinary(schema, Buffer.from(detail.value, 'base64')));
  });
  return {
    reason: opened.find(({ reason }) => reason)?.reason,
    fields: opened.flatMap(({ fieldViolations = [] }) => fieldViolations.map(({ field }: Answer) => field)),
    delay: opened.find(({ retryDelay }) => retryDelay)?.retryDelay,
  };
}
