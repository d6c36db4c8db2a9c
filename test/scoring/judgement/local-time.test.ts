import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { isPalateError } from '../../../src/errors.ts';
import { checkTimeZone, localTime } from '../../../src/scoring/judgement/local-time.ts';

/** A Saturday. */
const atMillis = Date.UTC(2026, 7, 1, 22, 30);

it('tells the hour and the day there', () => {
  assert.deepEqual(localTime('', atMillis), { hour: 22, weekday: 'saturday' });
  assert.deepEqual(localTime('UTC', atMillis), { hour: 22, weekday: 'saturday' });
  assert.deepEqual(localTime('Europe/Berlin', atMillis), { hour: 0, weekday: 'sunday' });
  assert.deepEqual(localTime('America/New_York', atMillis), { hour: 18, weekday: 'saturday' });
  assert.deepEqual(localTime('Asia/Kathmandu', atMillis), { hour: 4, weekday: 'sunday' });
  // In winter Berlin is an hour behind its summer.
  assert.equal(localTime('Europe/Berlin', Date.UTC(2026, 0, 1, 22, 30)).hour, 23);
});

it('refuses what is no zone, by its field', () => {
  for (const zone of ['Mars/Olympus', 'Berlin', '+02:00', ' ', 'Europe/Berlin\n', 'CEST?']) {
    assert.throws(
      () => checkTimeZone(zone),
      (error) => {
        assert.ok(isPalateError(error) && error.reason === 'INVALID_REQUEST');
        assert.equal(error.violations[0]?.field, 'time_zone');
        return error.message.includes('IANA');
      },
      zone,
    );
  }
});

it('takes any text, and refuses or tells an hour', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom(...Intl.supportedValuesOf('timeZone'))), (zone) => {
      try {
        const { hour, weekday } = localTime(zone, atMillis);
        assert.ok(hour >= 0 && hour <= 23 && weekday.endsWith('day'));
      } catch (error) {
        assert.ok(isPalateError(error) && error.reason === 'INVALID_REQUEST');
      }
    }),
  );
});
