/** Signed tokens: who issues them, with which keys, and what their claims mean. */
import type * as z from 'zod';
import { roleName } from './roles.ts';
import { choices, duration, integer, section, text, texts } from './settings.ts';

/** What signs a token. Only keys with a public half: who can check a token must not be able to make one. */
const tokenAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

/** The keys of `access.jwt`. */
export const jwt = section({
  jwksFile: text({
    description: 'A file with the keys that sign tokens, as a JSON Web Key Set; or give jwksUrl.',
    default: '',
  }),
  jwksUrl: text({
    description: 'The address of that key set, https unless it is on this machine.',
    default: '',
    pattern: /^(https:\/\/[^\s@]+|http:\/\/(localhost|127\.[\d.]+|\[::1\])(:\d+)?(\/\S*)?)?$/,
    allowed: 'an address such as https://login.example.com/.well-known/jwks.json',
  }),
  issuer: text({ description: 'Who must have issued a token: its claim iss.', default: '' }),
  audience: texts({
    description: 'For whom a token must be: one of these stands in its claim aud.',
    default: [],
    pattern: /\S/,
    allowed: 'a list of audiences',
  }),
  algorithms: choices(tokenAlgorithms, {
    description: 'What may sign a token.',
    default: ['RS256', 'PS256', 'ES256', 'EdDSA'],
  }),
  leeway: duration({
    description: 'How far the clocks of the issuer and of this machine may differ.',
    default: '30s',
    max: '10m',
  }),
  tenantClaim: text({
    description:
      'The claim with the tenants of a token, a text or a list, * for all; a path is written with dots. Empty: every token is for the default tenant only.',
    default: 'tenants',
  }),
  roleClaim: text({
    description: 'The claim with the roles, a list or a text with spaces between, such as scope; a path with dots.',
    default: 'roles',
  }),
  defaultRoles: texts({
    description: 'The roles of a token without that claim.',
    default: [],
    pattern: roleName,
    allowed: 'a list of roles',
  }),
  refreshEvery: duration({
    description: 'Keys older than this are read again, in the background.',
    default: '10m',
    min: '1s',
    max: '24d',
  }),
  refreshCooldown: duration({
    description: 'A token with an unknown key has them read again, but no sooner than this after the last time.',
    default: '30s',
    min: '100ms',
    max: '1h',
  }),
  keepKeysFor: duration({
    description: 'How long keys hold that could not be read again.',
    default: '24h',
    min: '1m',
    max: '24d',
  }),
  timeout: duration({ description: 'For one attempt to read the keys.', default: '5s', min: '100ms', max: '1m' }),
  cacheFor: duration({
    description: 'A token that was verified is not verified again for this long.',
    default: '5m',
    max: '24h',
  }),
  maxCachedTokens: integer({
    description: 'So many verified tokens are remembered; the least used go first.',
    default: 10_000,
    min: 1,
    max: 10_000_000,
  }),
});

/** Tells of each relation between its keys that does not hold. */
export function checkJwt(given: z.output<typeof jwt>, fail: (path: readonly string[], message: string) => void): void {
  const { jwksFile, jwksUrl, issuer, audience } = given;
  if (jwksFile !== '' && jwksUrl !== '') fail(['access', 'jwt', 'jwksUrl'], 'it must not stand beside jwksFile');
  if (jwksFile === '' && jwksUrl === '') {
    if (issuer !== '' || audience.length > 0) fail(['access', 'jwt'], 'it must have jwksFile or jwksUrl');
    return;
  }
  if (issuer === '') fail(['access', 'jwt', 'issuer'], 'it must be given where tokens are signed');
  if (audience.length === 0) fail(['access', 'jwt', 'audience'], 'it must be given where tokens are signed');
}
