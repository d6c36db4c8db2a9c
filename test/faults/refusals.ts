/** What every refusal owes its caller: a documented reason with its code, a helpful message, and nothing of the inside. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Client, ServiceError } from '@grpc/grpc-js';
import { IngestService, type RejectedEvent } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { event } from '../events/event-samples.ts';
import { call, detailsOf, type StatusDetails, statusDetails } from '../interop/plain-client.ts';
import type { ServedPalate } from '../servers/palate-process.ts';

interface Documented {
  readonly code: number;
  readonly retry: boolean;
}

const documented = readTable(readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8'));

/** A call that was refused on gRPC. */
export function assertRefused(error: unknown, reason: string): StatusDetails {
  const { code, details } = error as ServiceError;
  assert.ok(typeof code === 'number', `no error of a call: ${error}`);
  const told = detailsOf(error as ServiceError);
  assertTold(told, reason, code, details);
  return told;
}

/** A call that was refused on gRPC, by the headers or trailers that say so. */
export function assertRefusedBy(headers: Readonly<Record<string, unknown>>, reason: string): void {
  const bytes = Buffer.from(String(headers['grpc-status-details-bin'] ?? ''), 'base64');
  const message = decodeURIComponent(String(headers['grpc-message']));
  assertTold(statusDetails(bytes), reason, Number(headers['grpc-status']), message);
}

/** A call that was refused in Connect's JSON. */
export async function assertRefusedInJson(response: Response, reason: string): Promise<StatusDetails> {
  const body = (await response.json()) as {
    code: string;
    message: string;
    details?: { type: string; debug: unknown }[];
  };
  assert.ok(response.status >= 400 && response.status < 600);
  assertHelps(body.message);
  const find = (type: string) => body.details?.find((detail) => detail.type === `google.rpc.${type}`)?.debug;
  const info = find('ErrorInfo') as { reason: string; domain: string } | undefined;
  const violations = find('BadRequest') as { fieldViolations: { field: string }[] } | undefined;
  assert.equal(info?.reason, reason, JSON.stringify(body));
  assert.equal(info.domain, 'palate');
  assert.ok(reason in documented, `${reason} is not documented`);
  assert.equal(find('RetryInfo') !== undefined, documented[reason]!.retry);
  return { ...info, fields: violations?.fieldViolations.map(({ field }) => field) ?? [], retryMillis: undefined };
}

/** An event that was left out of its batch. */
export function assertRejected(
  rejected: RejectedEvent | undefined,
  index: number,
  reason: string,
  field: string,
): void {
  assert.ok(rejected !== undefined, `nothing was rejected as ${reason}`);
  assert.deepEqual([rejected.index, rejected.reason, rejected.field], [index, reason, field], rejected.message);
  assert.ok(reason in documented, `${reason} is not documented`);
  assertHelps(rejected.message);
}

/** The server takes events, folds them and answers; and it has had no fault of its own meanwhile. */
export async function assertServesOn({ complaints }: ServedPalate, client: Client): Promise<void> {
  const { accepted, lastSequence } = await call(client, IngestService.method.publish, {
    events: [event({ case: 'itemViewed', value: { itemId: 'after' } })],
  });
  assert.equal(accepted, 1);
  const request = { minSequence: lastSequence, omitDigest: true };
  const status = await call(client, RecommendationService.method.getStateStatus, request);
  assert.ok(status.sequence >= lastSequence);
  assert.deepEqual(complaints, []);
}

/** Whoever reads it knows more than before, and sees nothing of files, stacks or libraries. */
export function assertHelps(message: string): void {
  assert.match(message, /\w+ \w+/, 'the message has to say something');
  assert.doesNotMatch(message, /\n\s+at |\.[jt]s:\d|node:|node_modules|Error:|\bundefined\b|\[object /);
}

function assertTold(told: StatusDetails, reason: string, code: number, message: string): void {
  assert.equal(told.reason, reason, message);
  assert.equal(told.domain, 'palate');
  assert.ok(reason in documented, `${reason} is not documented`);
  assert.equal(code, documented[reason]!.code);
  assert.equal(told.retryMillis !== undefined, documented[reason]!.retry);
  assertHelps(message);
}

/** `| REASON | CODE (3) | yes | advice |` */
function readTable(markdown: string): Readonly<Record<string, Documented>> {
  const rows = [...markdown.matchAll(/^\| `(\w+)` \| \w+ \((\d+)\) \| (yes|no) \|/gm)];
  return Object.fromEntries(
    rows.map(([, reason, code, retry]) => [reason!, { code: Number(code), retry: retry === 'yes' }]),
  );
}
