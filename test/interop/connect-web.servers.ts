/** The example page, with Connect-ES in a real browser: unary calls, a stream of answers, errors, over Connect and gRPC-Web. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { generateStubs } from '../../scripts/stubs.ts';
import { allLines, photo, setStage, tellsStory } from './story.ts';

const folder = fileURLToPath(new URL('./browser', import.meta.url));
const packages = fileURLToPath(new URL('../../node_modules', import.meta.url));
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.jpg': 'image/jpeg',
};

/** Where a path of the page is. */
function fileOf(path: string): string {
  if (path === '/') return join(folder, 'index.html');
  if (path === '/photo.jpg') return photo;
  return path.startsWith('/node_modules/') ? join(packages, path.slice('/node_modules/'.length)) : join(folder, path);
}

generateStubs('web', folder);
const pages = createServer((request, response) => {
  const file = fileOf(new URL(request.url ?? '/', 'http://localhost').pathname);
  readFile(file).then(
    (bytes) => response.writeHead(200, { 'content-type': types[extname(file)] ?? 'text/plain' }).end(bytes),
    () => response.writeHead(404).end(),
  );
}).listen(0, '127.0.0.1');
await once(pages, 'listening');
const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
const { palate, unready } = await setStage({ after }, ['--set', `rpc.corsOrigins=${origin}`]);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
  ],
});
after(async () => {
  await browser.close();
  pages.close();
  pages.closeAllConnections();
});

const page = await browser.newPage();
const problems: string[] = [];
page.on('pageerror', (error) => problems.push(String(error)));
await page.goto(`${origin}/?palate=${palate.http}&unready=${unready.http}`);
await page.waitForFunction("document.title === 'done'", undefined, { timeout: 20_000 }).catch(() => undefined);
const stdout = await page.innerText('pre');
tellsStory({ code: problems.length, stdout, stderr: problems.join('\n') }, [
  ...allLines,
  /^gRPC-Web: INVALID_ARGUMENT INVALID_REQUEST, field placement, field limit$/,
]);
