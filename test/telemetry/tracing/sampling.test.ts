import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isTracingOn } from '../../../src/telemetry/tracing/open-tracing.ts';
import { samplerOf } from '../../../src/telemetry/tracing/sampling.ts';

const parent = (isSampled: boolean, traceId = '4bf92f3577b34da6a3ce929d0e0e4736') => {
  return { traceId, spanId: '00f067aa0ba902b7', isSampled, state: '' };
};

describe('head sampling', () => {
  it('goes by the parent, and by the ratio where there is none', () => {
    const sample = samplerOf('parentbased_traceidratio', '0');
    assert.equal(sample(parent(true)), true);
    assert.equal(sample(parent(false)), false);
    assert.equal(sample(undefined), false);
    assert.equal(samplerOf('parentbased_traceidratio', '1')(undefined), true);
    assert.equal(samplerOf()(undefined), true);
    assert.equal(samplerOf()(parent(false)), false);
  });

  it('decides by the id of the trace where the parent has no say', () => {
    const sample = samplerOf('traceidratio', '0.5');
    assert.equal(sample(parent(false, `${'f'.repeat(18)}0${'0'.repeat(13)}`)), true);
    assert.equal(sample(parent(true, `${'0'.repeat(19)}${'f'.repeat(13)}`)), false);
    assert.equal(samplerOf('always_on')(parent(false)), true);
    assert.equal(samplerOf('always_off')(parent(true)), false);
  });

  it('takes about its share of new traces', () => {
    const sample = samplerOf('parentbased_traceidratio', '0.25');
    let taken = 0;
    for (let trace = 0; trace < 20_000; trace++) if (sample(undefined)) taken++;
    assert.ok(taken > 4_500 && taken < 5_500, `${taken} of 20000`);
  });

  it('refuses what it does not know', () => {
    assert.throws(() => samplerOf('sometimes'), { reason: 'CONFIG_INVALID' });
    for (const ratio of ['', '2', '-1', 'x'])
      assert.throws(() => samplerOf('traceidratio', ratio), { reason: 'CONFIG_INVALID' });
  });
});

describe('tracing', () => {
  it('is on where an exporter or an endpoint is named', () => {
    assert.equal(isTracingOn({}), false);
    assert.equal(isTracingOn({ OTEL_TRACES_EXPORTER: 'otlp' }), true);
    assert.equal(isTracingOn({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }), true);
    assert.equal(
      isTracingOn({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_EXPORTER: 'none' }),
      false,
    );
    assert.equal(isTracingOn({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' }), false);
    assert.throws(() => isTracingOn({ OTEL_TRACES_EXPORTER: 'zipkin' }), { reason: 'CONFIG_INVALID' });
  });
});
