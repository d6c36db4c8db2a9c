import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { serveConsole } from '../../src/console/console.ts';

async function fetchPage(method: string): Promise<Response> {
  const server = createServer(serveConsole).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { method });
  } finally {
    server.close();
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64');

test('the page comes whole, and names its own script and style by hash', async () => {
  const response = await fetchPage('GET');
  const page = await response.text();
  const policy = response.headers.get('content-security-policy') ?? '';
  const [, script = ''] = /<script type="module">([\s\S]*)<\/script>/.exec(page) ?? [];
  const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(page) ?? [];
  assert.ok(script.length > 100 && style.length > 100);
  assert.ok(policy.includes(`script-src 'sha256-${hashOf(script)}'`));
  assert.ok(policy.includes(`style-src 'sha256-${hashOf(style)}'`));
  assert.ok(policy.startsWith("default-src 'none'"));
});

test('the page asks for nothing from elsewhere', async () => {
  const page = await (await fetchPage('GET')).text();
  assert.equal(/(?:src|href)=/.test(page), false);
});

test('HEAD has the headers alone', async () => {
  const response = await fetchPage('HEAD');
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(await response.text(), '');
});
