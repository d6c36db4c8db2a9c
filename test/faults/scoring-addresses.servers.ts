/** Addresses that lead inside, or nowhere, or never end. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { connect } from '../interop/plain-client.ts';
import { newPhoto } from '../scoring/photos.ts';
import { eventually, servePalate } from '../servers/palate-process.ts';
import { heldBy } from './process-figures.ts';
import { assertHelps, assertRefused } from './refusals.ts';
import { scoreUri } from './scored.ts';

const mebibyte = 1024 * 1024;

/** What no stranger may have. It must not even be asked for it. */
const secret = await listen('127.0.0.1', (_request, response) => response.end(newPhoto()));
/** A host that the configuration allows, on another address of this machine, with a page for each trick. */
const host = await listen('127.0.0.2', (request, response) => pages[request.url ?? '']?.(response));

const redirect =
  (location: string, status = 302) =>
  (response: ServerResponse) => {
    response.writeHead(status, { location }).end();
  };

const pages: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/photo': (response) => response.end(newPhoto()),
  '/moved': redirect('/photo', 308),
  '/missing': (response) => response.writeHead(404).end('no'),
  '/broken': (response) => response.writeHead(503).end('no'),
  '/page': (response) => response.end('<!doctype html><title>Lunch</title>'),
  '/loop': redirect('/loop'),
  '/to-nothing': redirect(''),
  '/to-file': redirect('file:///etc/passwd'),
  '/to-loopback': redirect(`http://127.0.0.1:${secret.port}/photo`),
  '/to-loopback-by-number': redirect(`http://2130706433:${secret.port}/photo`),
  '/to-loopback-v6': redirect(`http://[::ffff:127.0.0.1]:${secret.port}/photo`),
  '/to-localhost': redirect(`http://localhost:${secret.port}/photo`),
  '/to-private': redirect(`http://10.0.0.1:${secret.port}/photo`),
  '/to-metadata': redirect('http://169.254.169.254/latest/meta-data/'),
  '/silent': () => undefined,
  '/slow': drip,
  '/endless': pour,
  '/fifty-megabytes': (response) => response.end(Buffer.concat([newPhoto(), Buffer.alloc(50_000_000)])),
  '/cut-off': (response) => {
    response.writeHead(200, { 'content-length': 100_000 }).write(newPhoto());
    setTimeout(() => response.destroy(), 20);
  },
};

const settings = [
  'fetch.allowHttp=true',
  'fetch.allowedHosts=127.0.0.2',
  `fetch.allowedPorts=${secret.port},${host.port}`,
  'fetch.timeout=700ms',
  'models.instances=1',
];
const args = ['--roles', 'ingest,scoring', ...settings.flatMap((setting) => ['--set', `scoring.${setting}`])];
const server = await servePalate({ after }, { args });
const client = connect({ after }, server.grpc);
const at = (path: string) => `http://127.0.0.2:${host.port}${path}`;
assert.equal((await scoreUri(client, at('/photo'))).labels[0]?.name, 'Banana');
const before = heldBy(server.process.pid!);

test('a host that is allowed is reached, redirects included', async () => {
  const { labels, timings } = await scoreUri(client, at('/moved'));
  assert.equal(labels[0]?.name, 'Banana');
  assert.ok(timings!.fetchMicros > 0);
});

describe('an address that leads inside is refused, and nobody there is asked', () => {
  const { port } = secret;
  const addresses = [
    `http://127.0.0.1:${port}/photo`,
    `http://127.1:${port}/photo`,
    `http://0x7f000001:${port}/photo`,
    `http://017700000001:${port}/photo`,
    `http://0.0.0.0:${port}/photo`,
    `http://localhost:${port}/photo`,
    `http://localhost.:${port}/photo`,
    `http://[::1]:${port}/photo`,
    `http://[::ffff:127.0.0.1]:${port}/photo`,
    `http://[64:ff9b::7f00:1]:${port}/photo`,
    `http://10.0.0.1:${port}/photo`,
    `http://172.16.0.1:${port}/photo`,
    `http://192.168.0.1:${port}/photo`,
    `http://100.64.0.1:${port}/photo`,
    'http://169.254.169.254/latest/meta-data/',
    `http://[fd00::1]:${port}/photo`,
    `http://[fe80::1]:${port}/photo`,
    `http://user:password@127.0.0.2:${host.port}/photo`,
    'http://127.0.0.2:22/photo',
    'file:///etc/passwd',
    'ftp://127.0.0.2/photo',
    'data:image/png;base64,AAAA',
    ...Object.keys(pages)
      .filter((path) => path.startsWith('/to-') && path !== '/to-nothing')
      .map(at),
  ];
  for (const address of addresses) {
    test(address.replace(String(port), 'PORT').replace(String(host.port), 'PORT'), async () => {
      await assert.rejects(scoreUri(client, address), (error: Error) => {
        assertRefused(error, 'URI_FORBIDDEN');
        assert.doesNotMatch(error.message, /ECONN|EHOST/);
        return true;
      });
    });
  }

  test('none of them reached the inside', () => assert.equal(secret.requests(), 0));
});

describe('an address that does not give a photo says so', () => {
  const cases: Record<string, string> = {
    '/missing': 'URI_FAILED',
    '/broken': 'URI_UNREACHABLE',
    '/loop': 'URI_FAILED',
    '/to-nothing': 'URI_FAILED',
    '/silent': 'FETCH_TIMEOUT',
    '/slow': 'FETCH_TIMEOUT',
    '/cut-off': 'URI_UNREACHABLE',
  };
  for (const [path, reason] of Object.entries(cases)) {
    test(`${path} is ${reason}`, async () => {
      const began = performance.now();
      await assert.rejects(scoreUri(client, at(path)), (error) => {
        assertRefused(error, reason);
        return true;
      });
      assert.ok(performance.now() - began < 3_000, 'within the time that the configuration gives');
    });
  }

  for (const [path, reason] of [
    ['/page', 'UNREADABLE'],
    ['/endless', 'TOO_LARGE'],
    ['/fifty-megabytes', 'TOO_LARGE'],
  ] as const) {
    test(`${path} is answered ${reason}`, async () => {
      const { rejection, score } = await scoreUri(client, at(path));
      assert.deepEqual([rejection?.reason, score], [reason, undefined]);
      assertHelps(rejection!.message);
    });
  }

  test('no address is told by its field', async () => {
    await assert.rejects(scoreUri(client, 'lunch.jpg'), (error) => {
      assert.deepEqual(assertRefused(error, 'INVALID_REQUEST').fields, ['image_uri']);
      return true;
    });
  });
});

test('slow ones take nothing from others', async () => {
  const slow = Array.from({ length: 8 }, () => scoreUri(client, at('/slow')).catch(() => undefined));
  const began = performance.now();
  assert.equal((await scoreUri(client, at('/photo'))).labels[0]?.name, 'Banana');
  assert.ok(performance.now() - began < 600);
  await Promise.all(slow);
});

test('after all that the server is as it was', async () => {
  await eventually('no connection is held', () => heldBy(server.process.pid!).handles <= before.handles);
  const { residentMebibytes } = heldBy(server.process.pid!);
  assert.ok(residentMebibytes < before.residentMebibytes + 250, `${residentMebibytes} MiB resident`);
  assert.deepEqual(server.complaints, []);
  assert.equal(await server.stop(), 0);
});

/** A byte now and then. */
function drip(response: ServerResponse): void {
  response.write('\xff');
  const timer = setInterval(() => response.write('\xff'), 50);
  response.on('close', () => clearInterval(timer));
}

/** As much as the other side takes. */
function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(mebibyte, 0xff);
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', write);
  write();
}

async function listen(address: string, listener: RequestListener) {
  let requests = 0;
  const web = createServer((request, response) => {
    requests += 1;
    response.on('error', () => undefined);
    listener(request, response);
  });
  web.listen(0, address);
  await once(web, 'listening');
  after(() => {
    web.closeAllConnections();
    web.close();
  });
  return { port: (web.address() as AddressInfo).port, requests: () => requests };
}
