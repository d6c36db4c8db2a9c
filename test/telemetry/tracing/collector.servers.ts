/** What real servers make of their collector: as the variables say, and while it is away or slow. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { createGrpcClient } from '../../../src/rpc/client/grpc-client.ts';
import { tlsFiles } from '../../access/tls-files.ts';
import { eventually, type Scope, servePalate } from '../../servers/palate-process.ts';
import { freePort } from '../../servers/server-program.ts';
import { startSink } from './otlp-sink.ts';

/** The queue is small and quick, so that what takes minutes elsewhere takes a second. */
const quick = {
  OTEL_BSP_SCHEDULE_DELAY: '20',
  OTEL_BSP_EXPORT_TIMEOUT: '200',
  OTEL_EXPORTER_OTLP_TIMEOUT: '200',
  OTEL_BSP_MAX_QUEUE_SIZE: '64',
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '32',
};

async function tracedServer(t: Scope, env: Readonly<Record<string, string>>) {
  const server = await servePalate(t, { env });
  const client = createGrpcClient(IngestService, server.grpc);
  t.after(() => client.close());
  const call = () => client.call.getJournalStatus({});
  /** Lines of the log with these words. */
  const lines = (words: string) => server.complaints.filter((line) => line.includes(words));
  return { server, call, lines };
}

describe('a collector', () => {
  it('is reached as the variables say', { timeout: 60_000 }, async (t) => {
    const { certificateFile, keyFile, caFile } = tlsFiles(t);
    const sink = await startSink(t, { tls: { cert: readFileSync(certificateFile), key: readFileSync(keyFile) } });
    const { call, server } = await tracedServer(t, {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${sink.http}/some/where`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cret',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_CERTIFICATE: caFile,
      OTEL_SERVICE_NAME: 'kitchen',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=nobody',
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2',
    });
    await Promise.all(Array.from({ length: 6 }, call));
    await eventually('all spans came', () => sink.spans.length === 6);
    assert.deepEqual([...sink.forms], ['application/json']);
    for (const { path, headers, spans } of sink.requests) {
      assert.deepEqual([path, headers.authorization], ['/some/where', 'Bearer s3cret']);
      assert.equal(headers['content-encoding'], 'gzip');
      assert.ok(spans <= 2);
    }
    for (const { service, resource } of sink.spans) {
      assert.deepEqual([service, resource['deployment.environment.name']], ['kitchen', 'test']);
    }
    assert.equal(await server.stop(), 0);
    assert.deepEqual(server.complaints, []);
  });

  it('that is away costs its spans and one line, and gets those of later', { timeout: 60_000 }, async (t) => {
    const port = await freePort();
    const { call, lines } = await tracedServer(t, {
      ...quick,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    });
    await eventually('it is noticed', async () => {
      await call();
      return lines('traces are not exported').length > 0;
    });
    for (let calls = 0; calls < 200; calls++) await call();
    const sink = await startSink(t, { port });
    await eventually('spans come', async () => {
      await call();
      return sink.spans.length > 0;
    });
    assert.equal(lines('traces are not exported').length, 1);
  });

  it('that never answers keeps no caller waiting, and no more than the queue', { timeout: 60_000 }, async (t) => {
    let answers = false;
    const sink = await startSink(t, { answers: () => answers });
    const { call, lines, server } = await tracedServer(t, { ...quick, OTEL_EXPORTER_OTLP_ENDPOINT: sink.http });
    const waited: number[] = [];
    await eventually('the queue has run over', async () => {
      const begun = performance.now();
      await Promise.all(Array.from({ length: 100 }, call));
      waited.push(performance.now() - begun);
      return lines('spans come faster').length > 0 && lines('traces are not exported').length > 0;
    });
    assert.ok(Math.min(...waited) < 200, `${Math.min(...waited)} ms`);
    answers = true;
    await eventually('spans come', () => sink.spans.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok(sink.spans.length <= 64 + 2 * 32, `${sink.spans.length} spans were kept`);
    assert.deepEqual(
      ['traces are not exported', 'spans come faster'].map((words) => lines(words).length),
      [1, 1],
    );
    answers = false;
    await call();
    const begun = performance.now();
    assert.equal(await server.stop(), 0);
    assert.ok(performance.now() - begun < 5_000, 'it ends without it');
  });
});
