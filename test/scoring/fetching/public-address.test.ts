import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Block, isWithin, parseAddress, parseBlock } from '../../../src/scoring/fetching/address.ts';
import { isPublicAddress } from '../../../src/scoring/fetching/public-address.ts';
import { addressOf, anyV4, anyV6, boundsOf, textOf } from './any-address.ts';
import { ianaRegistries } from './iana-registries.ts';

const listed = ianaRegistries.map(([text, name]) => ({ text, name, block: parseBlock(text)! }));
const isListed = (address: Uint8Array) => listed.some(({ block }) => isWithin(address, block));
const isGlobalUnicast = (address: Uint8Array) => isWithin(address, parseBlock('2000::/3')!);
const was6bone = (address: Uint8Array) => isWithin(address, parseBlock('3ffe::/16')!);

/** What the classifier has to say, by the registries alone. */
function expected(address: Uint8Array): boolean {
  if (isListed(address)) return false;
  return address.length === 4 || (isGlobalUnicast(address) && !was6bone(address));
}

describe('isPublicAddress', () => {
  for (const { text, name, block } of listed) {
    test(`refuses ${text}, ${name}, and knows where it ends`, () => {
      const length = block.address.length;
      const { first, last } = boundsOf(block);
      assert.equal(isPublicAddress(addressOf(first, length)), false);
      assert.equal(isPublicAddress(addressOf(last, length)), false);
      for (const neighbour of [first - 1n, last + 1n].map((value) => addressOf(value, length))) {
        assert.equal(isPublicAddress(neighbour), expected(neighbour), textOf(neighbour));
      }
    });
  }

  test('refuses every address of every block', () => {
    const inBlock = fc.constantFrom(...listed).chain(({ block }) => within(block));
    fc.assert(fc.property(inBlock, (address) => assert.equal(isPublicAddress(address), false, textOf(address))));
  });

  test('says of any address what the registries say', () => {
    const globalV6 = within(parseBlock('2000::/3')!);
    fc.assert(
      fc.property(fc.oneof(anyV4, anyV6, globalV6), (address) => {
        assert.equal(isPublicAddress(address), expected(address), textOf(address));
      }),
      { numRuns: 2_000 },
    );
  });

  test('refuses every IPv4 address that is wrapped into IPv6, public ones too', () => {
    const wrappings = ['::ffff:', '::', '64:ff9b::', '64:ff9b:1::'];
    fc.assert(
      fc.property(anyV4, fc.constantFrom(...wrappings), (v4, prefix) => {
        assert.equal(isPublicAddress(parseAddress(`${prefix}${textOf(v4)}`)!), false);
      }),
    );
    const [a, b] = ['7f00', '0001'];
    for (const text of [`2002:${a}:${b}::1`, `2001:0:4136:e378:8000:63bf:${a}:${b}`]) {
      assert.equal(isPublicAddress(parseAddress(text)!), false, text);
    }
  });

  test('refuses what was given back', () => {
    for (const text of ['3ffe::', '3ffe:ffff::1']) assert.equal(isPublicAddress(parseAddress(text)!), false, text);
  });

  test('lets the public internet through', () => {
    for (const text of [
      '1.1.1.1',
      '8.8.8.8',
      '93.184.215.14',
      '223.255.255.255',
      '2606:4700:4700::1111',
      '2a00:1450::1',
    ]) {
      assert.equal(isPublicAddress(parseAddress(text)!), true, text);
    }
  });
});

function within(block: Block): fc.Arbitrary<Uint8Array> {
  const { first, last } = boundsOf(block);
  return fc.bigInt({ min: first, max: last }).map((value) => addressOf(value, block.address.length));
}
