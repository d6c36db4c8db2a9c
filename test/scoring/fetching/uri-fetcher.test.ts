import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { UriFetcher, type UriFetcherOptions } from '../../../src/scoring/fetching/uri-fetcher.ts';
import { type Certificate, selfSigned } from './certificate.ts';
import { type LocalServer, startBareServer, startServer } from './local-server.ts';

const maxBytes = 100_000;
const photo = randomBytes(50_000);
const anytime = { deadlineMillis: Number.POSITIVE_INFINITY };
const servers: LocalServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(listener: RequestListener, certificate?: Certificate): Promise<LocalServer> {
  const server = await startServer(listener, certificate);
  servers.push(server);
  return server;
}

async function serveBare(onConnection: (socket: Socket) => void): Promise<LocalServer> {
  const server = await startBareServer(onConnection);
  servers.push(server);
  return server;
}

/** Reaches the servers of the test, and what the options open besides. */
function fetcher(options: Partial<UriFetcherOptions> = {}): UriFetcher {
  const allowedPorts = servers.map(({ port }) => port);
  return new UriFetcher({ maxBytes, allowHttp: true, allowedHosts: ['127.0.0.1'], allowedPorts, ...options });
}

describe('a photo behind an address', () => {
  test('comes as it is, into memory of its own', async () => {
    const { origin } = await serve((_request, response) => response.end(photo));
    const bytes = await fetcher().fetch(`${origin}/a.jpg`, anytime);
    assert.deepEqual(Buffer.from(bytes), photo);
    assert.equal(bytes.buffer.byteLength, bytes.length);
  });

  test('is asked for plainly, whatever its type is said to be', async () => {
    const { origin, port } = await serve((request, response) => {
      const { 'accept-encoding': encoding, cookie, authorization, host } = request.headers;
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(JSON.stringify([request.method, request.url, encoding, cookie, authorization, host]));
    });
    const answer = Buffer.from(await fetcher().fetch(`${origin}/a?b=c#d`, anytime)).toString();
    assert.deepEqual(JSON.parse(answer), ['GET', '/a?b=c', 'identity', null, null, `127.0.0.1:${port}`]);
  });

  test('may be empty', async () => {
    const { origin } = await serve((_request, response) => response.end());
    assert.equal((await fetcher().fetch(origin, anytime)).length, 0);
  });

  test('has an address, or the request is wrong', async () => {
    for (const uri of ['', 'a.jpg', '//x/a.jpg', 'https://', 'https://[fe80::1%25eth0]/']) {
      await assert.rejects(fetcher().fetch(uri, anytime), { reason: 'INVALID_REQUEST' }, uri);
    }
  });
});

describe('a secure address', () => {
  const certificate = selfSigned('photos.example');
  const resolve = async () => ['127.0.0.1'];

  test('is believed by its certificate, which is held against the name', async () => {
    const { port } = await serve((_request, response) => response.end(photo), certificate);
    const trusting = fetcher({ ca: certificate.cert, resolve });
    assert.equal((await trusting.fetch(`https://photos.example:${port}/`, anytime)).length, photo.length);
    await assert.rejects(trusting.fetch(`https://other.example:${port}/`, anytime), { reason: 'URI_UNREACHABLE' });
    const strict = fetcher({ resolve });
    await assert.rejects(strict.fetch(`https://photos.example:${port}/`, anytime), { reason: 'URI_UNREACHABLE' });
  });

  test('does not redirect to an open one', async () => {
    const open = await serve((_request, response) => response.end(photo));
    const { port } = await serve((_request, response) => {
      response.writeHead(302, { location: open.origin }).end();
    }, certificate);
    const trusting = fetcher({ ca: certificate.cert, resolve });
    await assert.rejects(trusting.fetch(`https://photos.example:${port}/`, anytime), { reason: 'URI_FORBIDDEN' });
    assert.equal(open.requests(), 0);
  });
});

describe('the connection', () => {
  test('goes to the address that was checked, whatever the name leads to later', async () => {
    const { port } = await serve((_request, response) => response.end(photo));
    const answers = [['127.0.0.1'], ['127.0.0.2']];
    let asked = 0;
    const rebinding = fetcher({ allowedHosts: ['127.0.0.0/8'], resolve: async () => answers[asked++] ?? [] });
    assert.equal((await rebinding.fetch(`http://rebind.example:${port}/`, anytime)).length, photo.length);
    assert.equal(asked, 1);
  });

  test('is checked anew when the same name is asked for again', async () => {
    const { port, requests } = await serve((_request, response) => {
      response.writeHead(302, { location: '/again' }).end();
    });
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    let asked = 0;
    const rebinding = fetcher({ resolve: async () => answers[asked++] ?? [] });
    await assert.rejects(rebinding.fetch(`http://rebind.example:${port}/`, anytime), { reason: 'URI_FORBIDDEN' });
    assert.deepEqual([asked, requests()], [2, 1]);
  });

  test('tries the next address where one does not answer', async () => {
    const { port } = await serve((_request, response) => response.end(photo));
    const several = fetcher({ allowedHosts: ['127.0.0.0/8'], resolve: async () => ['127.0.0.9', '127.0.0.1'] });
    assert.equal((await several.fetch(`http://several.example:${port}/`, anytime)).length, photo.length);
  });

  test('is never made to an inside address', async () => {
    const { port, requests } = await serve((_request, response) => response.end(photo));
    const strict = fetcher({ allowedHosts: [] });
    for (const host of [
      '127.0.0.1',
      '127.1',
      '0x7f000001',
      '0.0.0.0',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
    ]) {
      await assert.rejects(strict.fetch(`http://${host}:${port}/`, anytime), { reason: 'URI_FORBIDDEN' }, host);
    }
    await assert.rejects(strict.fetch(`http://localhost:${port}/`, anytime), {
      reason: /URI_FORBIDDEN|URI_UNREACHABLE/,
    });
    assert.equal(requests(), 0);
  });

  test('that is refused or broken off can be tried again', async () => {
    const gone = await serve(() => undefined);
    const address = gone.origin;
    const reaching = fetcher();
    await Promise.all(servers.splice(0).map((server) => server.close()));
    await assert.rejects(reaching.fetch(address, anytime), { reason: 'URI_UNREACHABLE', retryAfterMillis: 1_000 });
    const { origin } = await serveBare((socket) => socket.resetAndDestroy());
    await assert.rejects(fetcher().fetch(origin, anytime), { reason: 'URI_UNREACHABLE' });
  });
});

describe('redirects', () => {
  const location =
    (to: string): RequestListener =>
    (_request, response) =>
      response.writeHead(302, { location: to }).end();

  test('are followed three times', async () => {
    const { origin } = await serve((request, response) => {
      const hop = Number(request.url?.slice(1));
      if (hop === 0) response.end(photo);
      else response.writeHead([301, 302, 303, 307, 308][hop]!, { location: `/${hop - 1}` }).end();
    });
    assert.equal((await fetcher().fetch(`${origin}/3`, anytime)).length, photo.length);
    await assert.rejects(fetcher().fetch(`${origin}/4`, anytime), { reason: 'URI_FAILED' });
  });

  test('in a circle end', async () => {
    const { origin, requests } = await serve(location('/'));
    await assert.rejects(fetcher().fetch(origin, anytime), { reason: 'URI_FAILED' });
    assert.equal(requests(), 4);
  });

  test('into inside networks are refused, and the error does not say where', async () => {
    const inside = [
      'http://10.0.0.1/',
      'http://169.254.169.254/latest/',
      'http://[::1]/',
      'http://0x7f.2/',
      '//10.1.1.1/x',
    ];
    for (const to of [...inside, 'http://me:pw@8.8.8.8/', 'ftp://8.8.8.8/', 'http://8.8.8.8:22/']) {
      const { origin } = await serve(location(to));
      await assert.rejects(fetcher().fetch(origin, anytime), { reason: 'URI_FORBIDDEN' }, to);
    }
  });

  test('to nowhere fail', async () => {
    for (const to of ['', 'http://', 'https://[::1']) {
      const { origin } = await serve(location(to));
      await assert.rejects(fetcher().fetch(origin, anytime), { reason: 'URI_FAILED' }, to);
    }
  });
});

describe('an answer', () => {
  test('other than 200 fails, with hope where there is some', async () => {
    const { origin } = await serve((request, response) => response.writeHead(Number(request.url?.slice(1))).end('no'));
    for (const status of [204, 206, 300, 304, 400, 403, 404, 410]) {
      await assert.rejects(fetcher().fetch(`${origin}/${status}`, anytime), { reason: 'URI_FAILED' }, `${status}`);
    }
    for (const status of [408, 429, 500, 503]) {
      await assert.rejects(fetcher().fetch(`${origin}/${status}`, anytime), { reason: 'URI_UNREACHABLE' }, `${status}`);
    }
  });

  test('that is packed is refused', async () => {
    const { origin } = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000_000)));
    });
    await assert.rejects(fetcher().fetch(origin, anytime), { reason: 'URI_FAILED' });
  });

  test('that is no HTTP, or whose head is huge, fails', async () => {
    const endless = 'HTTP/1.1 200 OK\r\nx: '.concat('x'.repeat(20_000));
    for (const text of ['SSH-2.0-OpenSSH_9.2\r\n', endless, 'HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n']) {
      const { origin } = await serveBare((socket) => socket.write(text));
      await assert.rejects(fetcher().fetch(origin, anytime), { reason: 'URI_FAILED' }, text.slice(0, 40));
    }
  });

  test('that declares or has too many bytes is too large, and is not read to its end', async () => {
    const declared = await serve((_request, response) =>
      response.writeHead(200, { 'content-length': maxBytes + 1 }).write('x'),
    );
    await assert.rejects(fetcher().fetch(declared.origin, anytime), { reason: 'TOO_LARGE' });
    let sent = 0;
    const endless = await serve((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(photo)) sent += photo.length;
      };
      response.on('drain', more);
      more();
    });
    await assert.rejects(fetcher().fetch(endless.origin, anytime), { reason: 'TOO_LARGE' });
    assert.ok(sent < 50_000_000, `${sent} bytes were sent`);
  });

  test('that ends before its declared length fails', async () => {
    const { origin } = await serveBare((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'));
    await assert.rejects(fetcher().fetch(origin, anytime), { reason: 'URI_UNREACHABLE' });
  });

  test('that goes on after its declared length is cut there', async () => {
    const { origin } = await serveBare((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhalf and more'),
    );
    assert.equal(Buffer.from(await fetcher().fetch(origin, anytime)).toString(), 'half');
  });

  test('whose connection breaks within a chunk fails', async () => {
    const { origin } = await serveBare((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nhalf', () => socket.destroy());
    });
    await assert.rejects(fetcher().fetch(origin, anytime), { reason: 'URI_UNREACHABLE' });
  });
});

describe('time', () => {
  /** Sends a byte every few milliseconds, for ever. */
  const drip = (socket: Socket, text: string) => {
    socket.write(text);
    const timer = setInterval(() => socket.write('x'), 5);
    socket.on('close', () => clearInterval(timer));
  };

  test('a server that does not answer is given up', async () => {
    const { origin } = await serve(() => undefined);
    await assert.rejects(fetcher({ firstByteMillis: 30 }).fetch(origin, anytime), { reason: 'FETCH_TIMEOUT' });
  });

  test('so is one that only ever says that it will', async () => {
    const { origin } = await serveBare((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 5);
      socket.on('close', () => clearInterval(timer));
    });
    await assert.rejects(fetcher({ firstByteMillis: 60 }).fetch(origin, anytime), { reason: 'FETCH_TIMEOUT' });
  });

  test('a connection that does not come about is given up', async () => {
    const { port } = await serveBare(() => undefined);
    const slow = fetcher({ connectMillis: 30 });
    await assert.rejects(slow.fetch(`https://127.0.0.1:${port}/`, anytime), { reason: 'FETCH_TIMEOUT' });
  });

  test('a name that nobody knows in time is given up', async () => {
    const resolve = (_host: string, signal: AbortSignal) =>
      new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await assert.rejects(fetcher({ connectMillis: 30, resolve }).fetch('http://slow.example/', anytime), {
      reason: 'FETCH_TIMEOUT',
    });
  });

  test('a body that drips is given up after the time for the whole', async () => {
    const { origin } = await serveBare((socket) => drip(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n'));
    await assert.rejects(fetcher({ totalMillis: 60 }).fetch(origin, anytime), { reason: 'FETCH_TIMEOUT' });
  });

  test('so is a head that drips', async () => {
    const { origin } = await serveBare((socket) => drip(socket, 'HTTP/1.1 200 OK\r\nx: '));
    await assert.rejects(fetcher({ firstByteMillis: 60 }).fetch(origin, anytime), { reason: 'FETCH_TIMEOUT' });
  });

  test("the caller's deadline counts where it is sooner", async () => {
    const { origin } = await serve(() => undefined);
    const deadlineMillis = Date.now() + 30;
    await assert.rejects(fetcher().fetch(origin, { deadlineMillis }), { reason: 'DEADLINE_EXCEEDED' });
  });

  test('a caller who gives up ends the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const caller = new AbortController();
    const { origin } = await serve((request) => {
      request.socket.on('close', closed.resolve);
      caller.abort(new Error('enough'));
    });
    await assert.rejects(fetcher().fetch(origin, { ...anytime, signal: caller.signal }), /enough/);
    await closed.promise;
    await assert.rejects(fetcher().fetch(origin, { ...anytime, signal: caller.signal }), /enough/);
  });
});

test('connections are bounded, to one host too, and those who wait have their turn', async () => {
  let most = 0;
  const open: ServerResponse[] = [];
  const { origin } = await serve((_request, response) => {
    most = Math.max(most, open.push(response));
    if (open.length === 3) for (const waiting of open.splice(0)) waiting.end(photo);
  });
  const bounded = fetcher({ maxConnectionsPerHost: 3, maxWaiting: 18 });
  const results = await Promise.allSettled(Array.from({ length: 25 }, () => bounded.fetch(origin, anytime)));
  const refused = results.filter((result) => result.status === 'rejected');
  assert.deepEqual([refused.length, most, bounded.openConnections], [4, 3, 0]);
  assert.ok(refused.every(({ reason }) => reason.reason === 'OVERLOADED'));
});

test('a host that does not answer keeps no other waiting', async () => {
  const slow = await serve(() => undefined);
  const quick = await serve((_request, response) => response.end(photo));
  const bounded = fetcher({ maxConnectionsPerHost: 1 });
  const caller = new AbortController();
  const waiting = [1, 2].map(() => bounded.fetch(slow.origin, { ...anytime, signal: caller.signal }));
  assert.equal((await bounded.fetch(quick.origin, anytime)).length, photo.length);
  caller.abort(new Error('enough'));
  for (const each of waiting) await assert.rejects(each, /enough/);
});

test('no handle is left, however a fetch ends', async () => {
  const ends: ((socket: Socket) => void)[] = [
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'),
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhalf'),
    (socket) => socket.write('HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 100\r\n\r\n'),
    (socket) => socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 1000000\r\n\r\nno'),
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-encoding: br\r\n\r\nx'),
    (socket) => socket.resetAndDestroy(),
    () => undefined,
  ];
  let next = 0;
  const closed: Promise<unknown>[] = [];
  const { origin } = await serveBare((socket) => {
    closed.push(new Promise((resolve) => socket.on('close', resolve)));
    ends[next++ % ends.length]!(socket);
  });
  const hasty = fetcher({ totalMillis: 100 });
  const open = (kind: string) => process.getActiveResourcesInfo().filter((name) => name === kind).length;
  const timersBefore = open('Timeout');
  await Promise.allSettled(Array.from({ length: 4 * ends.length }, () => hasty.fetch(origin, anytime)));
  // Whatever the server still meant to say: this side has let go of every connection.
  await Promise.all(closed);
  assert.equal(closed.length, 4 * ends.length);
  const patientUntil = performance.now() + 1_000;
  while (open('TCPSocketWrap') > 0 && performance.now() < patientUntil) await nextTurn();
  assert.equal(open('TCPSocketWrap'), 0);
  assert.ok(open('Timeout') <= timersBefore);
});
