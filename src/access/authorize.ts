import { PalateError } from '../errors.ts';
import { digestOf, parseBearer } from './bearer.ts';
import { type Caller, isFor } from './caller.ts';
import { compilePatterns } from './pattern.ts';
import { tokenExpired } from './signed-tokens.ts';
import type { FindStatic } from './static-tokens.ts';
import type { TokenCache } from './token-cache.ts';

/** What is known of a call before its body is read. */
export interface CallHeaders {
  /** `palate.ingest.v1.IngestService/Publish`, or the path of a page: `/metrics`. */
  readonly method: string;
  /** '' is the default tenant; undefined: a page, which is no tenant's. */
  readonly tenant: string | undefined;
  /** `address:port` of the caller. */
  peer(): string;
  /** The first value of a metadata key, in lower case; undefined when absent. */
  get(name: string): string | undefined;
  /** The names in the certificate that the caller has shown and that holds: `URI:…`, `DNS:…`, `CN:…`. */
  certificateNames(): readonly string[];
}

/**
 * Decides whether a call may go on, before a body is read, and says who calls: undefined is anyone. It throws, or rejects
 * with, a PalateError to refuse. It answers without a promise wherever it can.
 */
export type Authorize = (headers: CallHeaders) => Caller | undefined | Promise<Caller | undefined>;

/** The rule where nothing else is configured: everyone may do everything. */
export const allowAll: Authorize = () => undefined;

export interface AuthorizeOptions {
  /** Patterns of what anyone may call. */
  readonly open: readonly string[];
  readonly maxTokenBytes: number;
  /** Undefined: there are no static tokens. */
  readonly findStatic?: FindStatic | undefined;
  /** Undefined: there are no signed tokens. */
  readonly signed?: TokenCache | undefined;
  /** The caller whom a certificate's names mean. */
  readonly findCertificate: (names: readonly string[]) => Caller | undefined;
  /** Who calls without credentials; undefined: nobody may. */
  readonly anonymous?: Caller | undefined;
}

/** What is always open: who probes a server has no token. */
const alwaysOpen = ['grpc.health.v1.Health/*', '/healthz', '/readyz'];

/** The rule of a server with credentials. A token that comes has to be good, also where none is asked for. */
export function createAuthorize(options: AuthorizeOptions): Authorize {
  const isOpen = compilePatterns([...alwaysOpen, ...options.open]);
  const { findStatic, signed, maxTokenBytes } = options;
  const takesTokens = findStatic !== undefined || signed !== undefined;
  return (headers) => {
    if (isOpen(headers.method)) return undefined;
    const header = takesTokens ? headers.get('authorization') : undefined;
    if (header === undefined) return admit(withoutToken(options, headers), headers);
    const token = parseBearer(header, maxTokenBytes);
    const digest = digestOf(token);
    const known = findStatic?.(digest) ?? signed?.find(digest, Date.now());
    if (known !== undefined) return admit(known, headers);
    // What has no two dots is no signed token, and is not worth a verification.
    if (signed === undefined || token.split('.', 4).length !== 3) {
      throw new PalateError('TOKEN_INVALID', 'the token is not one this server knows');
    }
    return signed.verify(digest, token).then((caller) => admit(caller, headers));
  };
}

function withoutToken(
  { findCertificate, anonymous, findStatic, signed }: AuthorizeOptions,
  headers: CallHeaders,
): Caller {
  const names = headers.certificateNames();
  const caller = (names.length === 0 ? undefined : findCertificate(names)) ?? anonymous;
  if (caller !== undefined) return caller;
  const wanted = findStatic === undefined && signed === undefined ? 'a client certificate' : 'a token';
  const shown = names.length === 0 ? '' : '; the certificate shown is not one of access.certificates';
  throw new PalateError('TOKEN_MISSING', `this server wants ${wanted}, and none came${shown}`);
}

function admit(caller: Caller, { method, tenant }: CallHeaders): Caller {
  if (caller.expiresAtMillis <= Date.now()) throw tokenExpired();
  if (tenant !== undefined && !isFor(caller, tenant)) throw tenantDenied(caller, tenant);
  if (!caller.permissions.mayCall(method)) {
    throw new PalateError('METHOD_DENIED', `no role of ${caller.name} may call ${method.slice(0, 200)}`);
  }
  return caller;
}

function tenantDenied({ name }: Caller, tenant: string): PalateError {
  const whose = tenant === '' ? 'the default tenant: name one of its own in palate-tenant' : `tenant ${tenant}`;
  return new PalateError('TENANT_DENIED', `${name} is not for ${whose}`);
}
