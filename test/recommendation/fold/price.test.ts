import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { writeDescription as digestDescription } from '../../../src/recommendation/fold/canonical-values.ts';
import { CanonicalWriter } from '../../../src/recommendation/fold/canonical-writer.ts';
import { undescribed } from '../../../src/recommendation/fold/item-description.ts';
import { readPrice, writePrice } from '../../../src/recommendation/fold/persisted-values.ts';
import { exactMicros, lessMicros, type Micros, priceIn, sharedCode } from '../../../src/recommendation/fold/price.ts';
import { RecordColumns, RecordRows } from '../../../src/recommendation/snapshots/records.ts';

const safest = BigInt(Number.MAX_SAFE_INTEGER);
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: safest - 3n, max: safest + 3n }),
  fc.bigInt({ min: -safest - 3n, max: -safest + 3n }),
  fc.bigInt({ min: -(2n ** 32n), max: 2n ** 32n }),
);

function persisted(micros: Micros): Micros {
  const columns = new RecordColumns();
  writePrice(columns, { currencyCode: 'EUR', micros });
  return readPrice(new RecordRows(columns.numbers, columns.lengths, columns.bytes)).micros;
}

function digestOfPrice(micros: Micros): string {
  const writer = new CanonicalWriter();
  digestDescription(writer, { ...undescribed, price: { currencyCode: 'EUR', micros } });
  return writer.digest();
}

describe('micros', () => {
  it('are exact, in one form for each amount', () => {
    fc.assert(
      fc.property(int64, (amount) => {
        const micros = exactMicros(amount);
        assert.equal(BigInt(micros), amount);
        const isNumber = amount >= -safest && amount <= safest;
        assert.equal(typeof micros, isNumber ? 'number' : 'bigint');
        assert.equal(persisted(micros), micros);
        assert.equal(digestOfPrice(micros), digestOfPrice(amount));
      }),
    );
  });

  it('less what was paid back, of either sign', () => {
    fc.assert(
      fc.property(int64, int64, (amount, back) => {
        const left = amount - (back < 0n ? -back : back);
        assert.equal(lessMicros(exactMicros(amount), exactMicros(back)), exactMicros(left));
      }),
    );
  });
});

describe('priceIn', () => {
  it('is none where none was told, and an amount of 0 is one', () => {
    assert.equal(priceIn({ currencyCode: undefined, micros: undefined }), undefined);
    assert.deepEqual(priceIn({ currencyCode: '', micros: 0 }), { currencyCode: '', micros: 0 });
  });
});

describe('sharedCode', () => {
  it('is the same text, however many there are', () => {
    for (let i = 0; i < 3_000; i++) assert.equal(sharedCode(`c${i}`), `c${i}`);
  });
});
