/** The console of a server with tokens, in a real browser, over TLS and HTTP/2. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { chromium } from 'playwright-core';
import { digestOf } from '../../src/access/bearer.ts';
import { servePalate } from '../servers/palate-process.ts';
import { tlsFiles } from './tls-files.ts';

const token = 'the-token-of-the-office';
const files = tlsFiles({ after });
const tokens = { office: { sha256: digestOf(token), tenants: ['acme'], roles: ['operator'] } };
const server = await servePalate(
  { after },
  {
    args: [
      ...['--tls-cert', files.certificateFile, '--tls-key', files.keyFile],
      ...['--set', `access.tokens=${JSON.stringify(tokens)}`],
    ],
  },
);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
after(() => browser.close());

test('it asks for a token, and shows what the token may see', async () => {
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  const opened = await page.goto(`https://${server.http}/`);
  assert.equal(opened?.status(), 200);
  await page.waitForSelector('#who:not([hidden])');
  assert.match(await page.innerText('#problem'), /this server wants a token/);
  await page.fill('#token', token);
  await page.fill('#tenant', 'acme');
  await page.click('#who button');
  await page.waitForSelector('#who', { state: 'hidden' });
  assert.match(await page.innerText('#facts'), /open, up to sequence 0/);
  assert.equal(await page.innerText('#problem'), '');
});
