import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createGuard, type GuardOptions } from '../../../src/scoring/fetching/guard.ts';
import { isPublicAddress } from '../../../src/scoring/fetching/public-address.ts';
import { anyV4, numberOf, textOf } from './any-address.ts';

const never = new AbortController().signal;
/** Every name leads to the same addresses. */
const leadingTo = (...addresses: string[]): GuardOptions => ({ resolve: async () => addresses });
const check = async (uri: string, options: GuardOptions = leadingTo('93.184.215.14'), from?: string) =>
  (await createGuard(options).check(new URL(uri), never, from === undefined ? undefined : new URL(from))).addresses;
const isForbidden = { reason: 'URI_FORBIDDEN' };

describe('a guard', () => {
  test('lets a public https address through, by name or by number', async () => {
    assert.deepEqual(await check('https://photos.example/a.jpg'), ['93.184.215.14']);
    assert.deepEqual(await check('https://8.8.8.8/a.jpg'), ['8.8.8.8']);
    assert.deepEqual(await check('https://[2606:4700::1111]/'), ['2606:4700::1111']);
  });

  test('refuses IPv4 addresses that are not public in every spelling', async () => {
    await fc.assert(
      fc.asyncProperty(anyV4, fc.nat(), async (address, choice) => {
        const spellings = spellingsOf(address);
        const uri = `https://${spellings[choice % spellings.length]}/`;
        if (isPublicAddress(address)) assert.deepEqual(await check(uri), [textOf(address)], uri);
        else await assert.rejects(check(uri), isForbidden, uri);
      }),
    );
    for (const host of [
      '127.0.0.1',
      '127.1',
      '0x7f.0.0.1',
      '0177.0.0.01',
      '2130706433',
      '0x7f000001',
      '①②⑦.0.0.1',
      '127.0.0.1.',
    ]) {
      await assert.rejects(check(`https://${host}/`), isForbidden, host);
    }
  });

  test('refuses inside addresses of IPv6, and IPv4 within IPv6', async () => {
    for (const host of [
      '::1',
      '::',
      '::ffff:127.0.0.1',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      'fd00::1',
      'fe80::1',
    ]) {
      await assert.rejects(check(`https://[${host}]/`), isForbidden, host);
    }
    assert.equal(URL.canParse('https://[fe80::1%25eth0]/'), false);
  });

  test('refuses names that lead inside', async () => {
    for (const address of ['169.254.169.254', '10.0.0.1', '::1', 'fe80::1%eth0', 'nonsense']) {
      await assert.rejects(check('https://photos.example/', leadingTo(address)), isForbidden, address);
    }
  });

  test('says of a name that leads inside what it says of one that does not exist', async () => {
    const messageOf = (options: GuardOptions) =>
      check('https://db.internal/', options).catch((error: Error) => error.message);
    assert.equal(await messageOf(leadingTo('10.1.2.3')), await messageOf(leadingTo()));
  });

  test('keeps the public ones of several addresses', async () => {
    const options = leadingTo('64:ff9b::808:808', '8.8.8.8', '10.0.0.1', '2606:4700::1111');
    assert.deepEqual(await check('https://photos.example/', options), ['8.8.8.8', '2606:4700::1111']);
  });

  test('keeps eight addresses of a name that has many', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `8.8.8.${index}`);
    assert.deepEqual(await check('https://photos.example/', leadingTo(...many)), many.slice(0, 8));
  });

  test('asks for a name once, and not at all for an address', async () => {
    const asked: string[] = [];
    const resolve = async (host: string) => {
      asked.push(host);
      return ['8.8.8.8'];
    };
    await check('https://Photos.Example./', { resolve });
    await check('https://8.8.4.4/', { resolve });
    assert.deepEqual(asked, ['photos.example']);
  });
});

describe('the form of an address', () => {
  test('http is refused unless it is allowed', async () => {
    await assert.rejects(check('http://photos.example/'), isForbidden);
    assert.equal((await check('http://photos.example/', { ...leadingTo('8.8.8.8'), allowHttp: true })).length, 1);
  });

  test('other schemes are refused', async () => {
    for (const uri of [
      'ftp://photos.example/',
      'file:///etc/passwd',
      'data:image/png;base64,',
      'gopher://a/',
      'blob:https://a/b',
    ]) {
      await assert.rejects(check(uri, { ...leadingTo('8.8.8.8'), allowHttp: true }), isForbidden, uri);
    }
  });

  test('names and passwords are refused', async () => {
    for (const uri of ['https://me@photos.example/', 'https://me:secret@photos.example/', 'https://:secret@8.8.8.8/']) {
      await assert.rejects(check(uri), isForbidden, uri);
    }
  });

  test('ports are refused unless they are allowed', async () => {
    for (const port of [22, 80, 6379, 8443, 0])
      await assert.rejects(check(`https://photos.example:${port}/`), isForbidden);
    assert.equal((await check('https://photos.example:443/')).length, 1);
    const options = { ...leadingTo('8.8.8.8'), allowedPorts: [8443] };
    assert.equal((await check('https://photos.example:8443/', options)).length, 1);
  });

  test('a redirect never leads from https to http', async () => {
    const options = { ...leadingTo('8.8.8.8'), allowHttp: true };
    await assert.rejects(check('http://photos.example/', options, 'https://photos.example/'), isForbidden);
    assert.equal((await check('http://photos.example/', options, 'http://photos.example/')).length, 1);
    assert.equal((await check('https://photos.example/', options, 'http://photos.example/')).length, 1);
  });
});

describe('the lists of hosts', () => {
  test('open inside blocks and addresses', async () => {
    const options = { ...leadingTo('10.1.2.3'), allowedHosts: ['10.1.0.0/16', 'fd00::5'] };
    assert.deepEqual(await check('https://store.example/', options), ['10.1.2.3']);
    assert.deepEqual(await check('https://[fd00::5]/', options), ['fd00::5']);
    await assert.rejects(check('https://10.2.0.1/', options), isForbidden);
  });

  test('open a name, which then is looked up as the machine does', async () => {
    const options = { ...leadingTo('8.8.8.8'), allowedHosts: ['localhost'] };
    assert.ok((await check('https://localhost/', options)).every((address) => ['127.0.0.1', '::1'].includes(address)));
    await assert.rejects(check('https://127.0.0.1/', options), isForbidden);
  });

  test('a star stands for what is below, not for the name itself, nor for one that ends alike', async () => {
    const options = { ...leadingTo(), refusedHosts: ['*.corp.example'] };
    const open = { ...options, resolve: async () => ['8.8.8.8'] };
    await assert.rejects(check('https://a.b.corp.example/', open), isForbidden);
    assert.equal((await check('https://corp.example/', open)).length, 1);
    assert.equal((await check('https://evilcorp.example/', open)).length, 1);
  });

  test('what is refused stays so, whatever is allowed', async () => {
    const options = {
      ...leadingTo('203.0.114.7'),
      allowedHosts: ['203.0.114.0/24'],
      refusedHosts: ['203.0.114.7', 'own.example'],
    };
    await assert.rejects(check('https://other.example/', options), isForbidden);
    await assert.rejects(check('https://own.example/', { ...options, resolve: async () => ['8.8.8.8'] }), isForbidden);
  });

  test('may be all that is open', async () => {
    const options = { ...leadingTo('8.8.8.8'), allowPublic: false, allowedHosts: ['9.9.9.9'] };
    await assert.rejects(check('https://photos.example/', options), isForbidden);
    assert.deepEqual(await check('https://9.9.9.9/', options), ['9.9.9.9']);
  });

  test('are checked when they are read', () => {
    for (const host of ['', 'a b', 'https://a', '10.0.0.0/40', '*', 'a:443', '[::1']) {
      assert.throws(() => createGuard({ allowedHosts: [host] }), { reason: 'CONFIG_INVALID' }, host);
    }
  });
});

/** As `inet_aton` takes it: one to four parts, decimal, octal or hexadecimal. */
function spellingsOf(address: Uint8Array): string[] {
  const whole = numberOf(address);
  const [a, b, c, d] = address;
  const low = whole & 0xffffffn;
  return [
    textOf(address),
    `${whole}`,
    `0x${whole.toString(16)}`,
    `0${whole.toString(8)}`,
    `${a}.${low}`,
    `0x${a!.toString(16)}.${b}.${(c! << 8) | d!}`,
    `0${a!.toString(8)}.0${b!.toString(8)}.0x${c!.toString(16)}.${d}.`,
  ];
}
