/** What a server of all roles shows of itself after some work, and a follower of it. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { tlsFiles } from '../access/tls-files.ts';
import { newPhoto } from '../scoring/photos.ts';
import { eventually, type Scope, servePalate } from '../servers/palate-process.ts';
import { type Family, readExposition } from '../telemetry/metrics/exposition.ts';

/** A scrape of each; the follower has TLS. */
export async function scrapes(t: Scope): Promise<readonly ReadonlyMap<string, Family>[]> {
  const server = await servePalate(t, { args: ['--roles', 'ingest,recommendation,scoring'] });
  const { certificateFile, keyFile, caFile } = tlsFiles(t);
  const tls = ['--set', `tls.certificateFile=${certificateFile}`, '--set', `tls.keyFile=${keyFile}`];
  const follower = await servePalate(t, { args: ['--roles', 'recommendation', '--follow', server.grpc, ...tls] });
  await work(server.http);
  await passedOn(follower.http, caFile);
  await scrape(`http://${server.http}`);
  return [await scrape(`http://${server.http}`), await scrape(`https://${follower.http}`, readFileSync(caFile))];
}

async function scrape(origin: string, ca?: Buffer): Promise<ReadonlyMap<string, Family>> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { get } = ca === undefined ? http : https;
  get(`${origin}/metrics`, { ca }, resolve).on('error', reject);
  const response = await promise;
  const body = await text(response);
  assert.equal(response.statusCode, 200, body);
  assert.match(response.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  return readExposition(body);
}

/** The follower knows who takes events; it is tried until it has heard of it. */
async function passedOn(address: string, caFile: string): Promise<void> {
  const path = '/palate.ingest.v1.IngestService/GetJournalStatus';
  const options = { method: 'POST', ca: readFileSync(caFile), headers: { 'content-type': 'application/json' } };
  await eventually('a call is passed on', async () => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    https.request(`https://${address}${path}`, options, resolve).on('error', reject).end('{}');
    const response = await promise;
    await text(response);
    return response.statusCode === 200;
  });
}

async function work(address: string): Promise<void> {
  const event = { eventId: randomUUID(), userId: 'ada', itemViewed: { itemId: 'soup' } };
  await call(address, 'palate.ingest.v1.IngestService/Publish', { events: [event, event, { eventId: 'none' }] });
  await call(address, 'palate.recommendation.v1.RecommendationService/Recommend', { placement: 'home', userId: 'ada' });
  await call(address, 'palate.recommendation.v1.RecommendationService/Recommend', {});
  await call(address, 'palate.recommendation.v1.RecommendationService/RecommendAll', {});
  const imageBytes = Buffer.from(newPhoto()).toString('base64');
  for (let again = 0; again < 2; again++) await call(address, 'palate.scoring.v1.ScoringService/Score', { imageBytes });
}

async function call(address: string, method: string, request: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`http://${address}/${method}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(request),
  });
  await response.text();
}
