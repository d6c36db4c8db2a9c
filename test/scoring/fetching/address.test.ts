import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSameAddress, isWithin, parseAddress, parseBlock } from '../../../src/scoring/fetching/address.ts';
import { anyV4, anyV6, textOf } from './any-address.ts';

const family = (address: Uint8Array) => (address.length === 4 ? 'ipv4' : 'ipv6');

describe('parseAddress', () => {
  test('reads what was written, long or short', () => {
    fc.assert(
      fc.property(fc.oneof(anyV4, anyV6), fc.boolean(), (address, isShort) => {
        assert.deepEqual(parseAddress(textOf(address, isShort)), address);
      }),
    );
  });

  test('reads IPv6 with dotted decimals at its end, and in brackets', () => {
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4);
    assert.deepEqual(parseAddress('::ffff:1.2.3.4'), mapped);
    assert.deepEqual(parseAddress('[::ffff:102:304]'), mapped);
    assert.deepEqual(parseAddress('::'), new Uint8Array(16));
    assert.deepEqual(parseAddress('1::')?.slice(0, 2), Uint8Array.of(0, 1));
  });

  test('takes nothing else for an address', () => {
    for (const text of [
      '',
      'localhost',
      '1.2.3',
      '0x7f.1',
      '01.2.3.4',
      '256.1.1.1',
      'fe80::1%eth0',
      '[1.2.3.4',
      '1::2::3',
    ]) {
      assert.equal(parseAddress(text), undefined, text);
    }
  });
});

describe('parseBlock', () => {
  test('takes a lone address for a block of one', () => {
    assert.equal(parseBlock('10.0.0.1')?.bits, 32);
    assert.equal(parseBlock('::1')?.bits, 128);
  });

  test('refuses more bits than there are, and what is no address', () => {
    for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '/8', 'a/8', '10.0.0.0/-1']) {
      assert.equal(parseBlock(text), undefined, text);
    }
  });
});

test('isWithin agrees with the block lists of Node', () => {
  const pair = fc.oneof(fc.tuple(anyV4, anyV4, fc.nat(32)), fc.tuple(anyV6, anyV6, fc.nat(128)));
  fc.assert(
    fc.property(pair, fc.nat(16), ([address, other, bits], shared) => {
      // Otherwise hardly a pair would have anything in common.
      other.set(address.subarray(0, Math.min(shared, address.length)));
      const list = new BlockList();
      list.addSubnet(textOf(address), bits, family(address));
      assert.equal(isWithin(other, { address, bits }), list.check(textOf(other), family(other)));
    }),
  );
});

test('isSameAddress sees through the mapping of IPv4 into IPv6', () => {
  const [plain, mapped, other] = ['1.2.3.4', '::ffff:1.2.3.4', '::1.2.3.4'].map((text) => parseAddress(text)!);
  assert.ok(isSameAddress(plain!, mapped!));
  assert.ok(!isSameAddress(plain!, other!));
});
