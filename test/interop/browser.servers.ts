/** A real browser opens the page and shows what it fetched. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { servePalate, temporaryFolder } from '../servers/palate-process.ts';
import { runProgram } from './run-program.ts';

const server = await servePalate({ after });

test('Chromium shows the status that the page asked for', async (t) => {
  const events = ['apple', 'bread', 'apple'].map((itemId) => ({
    eventId: crypto.randomUUID(),
    itemViewed: { itemId },
  }));
  const published = await fetch(`http://${server.http}/palate.ingest.v1.IngestService/Publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
  });
  assert.equal(published.status, 200);
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
  const profile = `--user-data-dir=${await temporaryFolder(t)}`;
  const page = [`--virtual-time-budget=3000`, '--dump-dom', `http://${server.http}/`];
  const { code, stdout, stderr } = await runProgram('chromium', [...options, profile, ...page]);
  assert.equal(code, 0, stderr);
  const facts = Object.fromEntries(
    [...stdout.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)].map(([, name, value]) => [name, value]),
  );
  assert.match(facts['Journal'] ?? '', /^open, up to sequence 3\b/, stdout);
  assert.match(facts['State'] ?? '', /^at sequence 3, 0 behind$/);
  assert.equal(facts['Events'], '3');
  assert.equal(facts['Items'], '2');
  assert.match(stdout, /<p id="problem"[^>]*><\/p>/);
});
