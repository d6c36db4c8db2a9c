import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PalateError } from '../../../../src/errors.ts';
import { loggedCertificate, tlsFiles } from '../../../access/tls-files.ts';
import { eventually } from '../../../servers/palate-process.ts';
import { startRemote } from './remote-model.ts';
import { startScripted } from './scripted-server.ts';

const all = Array.from({ length: 40 }, (_, index) => index);

for (const transport of ['stream', 'unary'] as const) {
  describe(`a model on other servers, by ${transport}`, () => {
    it('answers each image with what its server says of it', async (test) => {
      const servers = [await startScripted(test, { mark: 1 }), await startScripted(test, { mark: 2 })];
      const { model, labels } = await startRemote(
        test,
        servers.map(({ address }) => address),
        { target: { transport } },
      );
      await eventually('both are there', () =>
        model.instances.every(({ perBatchMillis, perImageMillis }) => perBatchMillis + perImageMillis > 0),
      );
      const answers = await Promise.all(all.map((value) => labels(value)));
      assert.deepEqual(
        answers.map(([first]) => first),
        all,
      );
      assert.deepEqual(new Set(answers.map(([, mark]) => mark)), new Set([1, 2]));
      assert.deepEqual(
        [model.provider, model.requestedProvider, model.isReady, model.maxBatchImages],
        ['remote', 'remote', true, 3],
      );
      const { instances } = model;
      assert.deepEqual(
        instances.map(({ name }) => name),
        servers.map(({ address }) => `toy-1@${address}`),
      );
      assert.equal(
        instances.reduce((sum, { images }) => sum + images, 0),
        40,
      );
    });

    it('tells the server how much time there is, and what was given up', async (test) => {
      const server = await startScripted(test);
      const { labels } = await startRemote(test, [server.address], { target: { transport } });
      await labels(1, 700);
      const { request, call } = server.requests.at(-1)!;
      const timeout = request.parameters['timeout']?.parameterChoice;
      assert.ok(timeout?.case === 'int64Param' && timeout.value > 0n && timeout.value <= 700_000n);
      assert.equal(Number.isFinite(call.deadlineMillis), transport === 'unary');
      server.script.delayMillis = 60_000;
      const gone = new AbortController();
      const reason = new Error('gone');
      const given = assert.rejects(labels(2, 5_000, gone.signal), reason);
      await eventually('it is there', () => server.requests.at(-1)!.request !== request);
      gone.abort(reason);
      await given;
      await eventually('the server knows', () => server.cancelled === 1);
      await assert.rejects(labels(3, 50), { reason: 'DEADLINE_EXCEEDED' });
      await eventually('the server knows', () => server.cancelled === 2);
    });

    it('sends what failed once more, to another server', async (test) => {
      const [bad, good] = [await startScripted(test, { mark: 1 }), await startScripted(test, { mark: 2 })];
      const { model, labels, until } = await startRemote(test, [bad.address, good.address], { target: { transport } });
      await until(/a remote runs the model/, 2);
      const failures = [
        new PalateError('SHUTTING_DOWN', 'going'),
        new PalateError('OVERLOADED', 'full', { retryAfterMillis: 5 }),
        new PalateError('INTERNAL', 'a bug'),
        new PalateError('WORKER_LOST', 'a thread died'),
        new PalateError('MODEL_UNKNOWN', 'unloaded'),
      ];
      for (const failure of failures) {
        await eventually('both are there', () =>
          model.instances.every(({ perBatchMillis, perImageMillis }) => perBatchMillis + perImageMillis > 0),
        );
        bad.script.failure = failure;
        assert.deepEqual(
          await Promise.all(all.map((value) => labels(value))),
          all.map((value) => [value, 2]),
          failure.reason,
        );
        bad.script.failure = undefined;
      }
      good.script.failure = new PalateError('INTERNAL', 'a bug');
      bad.script.failure = new PalateError('INTERNAL', 'a bug');
      const asked = bad.requests.length + good.requests.length;
      await assert.rejects(labels(1), { reason: 'WORKER_LOST' });
      assert.equal(bad.requests.length + good.requests.length, asked + 2);
    });
  });
}

describe('a server that is not there', () => {
  it('does not keep the model from being loaded; it is ready when the server comes', async (test) => {
    const first = await startScripted(test);
    await first.stop();
    const { address } = first;
    const { model, labels, lines } = await startRemote(test, [address]);
    assert.equal(model.isReady, false);
    await assert.rejects(labels(1), (error: PalateError) => {
      assert.equal(error.code, 'UNAVAILABLE');
      assert.ok(error.retryAfterMillis! > 0);
      assert.match(error.message, new RegExp(`no remote runs model toy, version 1: ${address}: could not connect`));
      return true;
    });
    assert.equal(lines.filter(({ level, message }) => level === 'error' && /it is not ready/.test(message)).length, 1);
    await startScripted(test, { mark: 7 }, Number(address.split(':')[1]));
    await eventually('it is ready', () => model.isReady);
    assert.deepEqual(await labels(1), [1, 7]);
  });

  it('is no loss while it is just started again', async (test) => {
    const first = await startScripted(test);
    const { labels } = await startRemote(test, [first.address]);
    await labels(1);
    const restarted = first.stop().then(() => startScripted(test, { mark: 5 }, Number(first.address.split(':')[1])));
    const answers = await Promise.all(all.map((value) => labels(value)));
    await restarted;
    assert.deepEqual(
      answers.map(([value]) => value),
      all,
    );
  });

  it('or whose model is not ready, is asked again', async (test) => {
    const server = await startScripted(test, { isReady: false });
    const { model, labels } = await startRemote(test, [server.address]);
    await assert.rejects(labels(1), { code: 'UNAVAILABLE', message: /its model toy 1 is not ready/ });
    server.script.isReady = true;
    await eventually('it is ready', () => model.isReady);
    server.script.isReady = false;
    await eventually('it is not', () => !model.isReady);
  });
});

describe('a server with another model', () => {
  it('keeps the model from being loaded, and the error says what differs', async (test) => {
    const outputs = [{ name: 'labels', datatype: 'FP32', shape: [-1n, 3n] }];
    const server = await startScripted(test, { metadata: { outputs } });
    await assert.rejects(startRemote(test, [server.address]), {
      reason: 'MODEL_INVALID',
      message: /another model than model\.yaml says: its output labels is FP32 \[-1, 3\], not FP32 \[-1, 2\]/,
    });
  });

  it('is not used beside one with the right one', async (test) => {
    const right = await startScripted(test, { mark: 1, sha256: 'aa' });
    const wrong = await startScripted(test, { mark: 2, sha256: 'bb', metadata: {} });
    const { model, labels, until } = await startRemote(test, [right.address]);
    assert.equal(model.sha256, 'aa');
    const both = await startRemote(test, [right.address, wrong.address]);
    await until(/runs the model/);
    await both.until(/does not run the model/);
    const refused = both.lines.find(({ message }) => /does not run the model/.test(message))!;
    assert.match(String(refused.fields['err']), /other weights \(SHA-256 (aa|bb)\) than those of another remote/);
    const marks = new Set((await Promise.all(all.map((value) => both.labels(value)))).map(([, mark]) => mark));
    assert.equal(marks.size, 1);
    assert.deepEqual(await labels(1), [1, 1]);
  });

  it('is found out by its answers, too', async (test) => {
    const server = await startScripted(test);
    const { labels } = await startRemote(test, [server.address]);
    server.script.answer = { modelVersion: '2' };
    await assert.rejects(labels(1, 1_000), { code: 'UNAVAILABLE', message: /version 2 of the model, not 1/ });
    server.script.answer = {};
    await assert.doesNotReject(async () => {
      await eventually('it is back', async () => (await labels(1).catch(() => [0]))[0] === 1);
    });
    server.script.answer = { rawOutputContents: [new Uint8Array(4)] };
    await assert.rejects(labels(1, 1_000), {
      code: 'UNAVAILABLE',
      message: /1 values of output labels instead of [26]/,
    });
  });
});

describe('streams', () => {
  it('a server without them is asked by calls', async (test) => {
    const server = await startScripted(test, { hasStreams: false });
    const { labels, lines } = await startRemote(test, [server.address]);
    assert.deepEqual(await labels(4), [4, 0]);
    assert.equal(lines.filter(({ message }) => /no ModelStreamInfer/.test(message)).length, 1);
    assert.ok(server.streams <= 1);
  });

  it('stay open, and are no more than batches may be under way', async (test) => {
    const server = await startScripted(test, { delayMillis: 1 });
    const { labels } = await startRemote(test, [server.address], { target: { maxBatches: 2 } });
    for (let round = 0; round < 10; round++) await Promise.all(all.map((value) => labels(value)));
    assert.ok(server.streams <= 2, `${server.streams} streams`);
  });

  it('a failure in an answer is one of its batch', async (test) => {
    const server = await startScripted(test);
    const { labels } = await startRemote(test, [server.address]);
    server.script.errorMessage = 'out of memory';
    await assert.rejects(labels(1), { reason: 'WORKER_LOST', message: /out of memory/ });
    server.script.errorMessage = '';
    assert.deepEqual(await labels(1), [1, 0]);
  });
});

describe('TLS', () => {
  it('is spoken as the configuration says, and what is wrong with its files is told at once', async (test) => {
    const files = tlsFiles(test);
    const { certificate } = loggedCertificate(files.settings());
    const server = await startScripted(test, { mark: 3 }, 0, certificate);
    const connection = { tls: true, caFile: files.caFile, serverName: 'localhost' };
    const { labels } = await startRemote(test, [server.address], { target: { connection } });
    assert.deepEqual(await labels(1), [1, 3]);
    const plain = await startRemote(test, [server.address]);
    assert.equal(plain.model.isReady, false);
    const missing = { ...connection, caFile: `${files.caFile}.gone` };
    await assert.rejects(startRemote(test, [server.address], { target: { connection: missing } }), {
      reason: 'TLS_INVALID',
    });
  });
});

describe('a server that is slow', () => {
  it('is helped out by another, within a bound, and its own answer is called off', async (test) => {
    const [slow, fast] = [await startScripted(test, { mark: 1 }), await startScripted(test, { mark: 2 })];
    const { labels, until } = await startRemote(test, [slow.address, fast.address], { target: { hedgeShare: 0.05 } });
    await until(/a remote runs the model/, 2);
    for (let round = 0; round < 5; round++) await Promise.all(all.map((value) => labels(value)));
    slow.script.delayMillis = 60_000;
    const begun = performance.now();
    const answers = await Promise.all(all.map((value) => labels(value)));
    assert.deepEqual(
      answers.map(([value]) => value),
      all,
    );
    assert.ok(performance.now() - begun < 2_000);
    await eventually('it is called off', () => slow.cancelled > 0);
    const before = slow.requests.length;
    for (const value of all) await labels(value);
    assert.ok(slow.requests.length - before <= 2, 'it gets nothing more at once');
  });
});
