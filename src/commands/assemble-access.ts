/** Wires who may call, and the certificate that both ports show. */
import type { Authorize } from '../access/authorize.ts';
import { listensOnLoopbackOnly } from '../access/listening.ts';
import { assertClosed, hasCredentials, openAccess } from '../access/open-access.ts';
import { ServerCertificate } from '../access/server-certificate.ts';
import type { Config } from '../config.ts';
import type { Part } from '../lifecycle.ts';
import type { Log } from '../telemetry/log.ts';

export interface AccessParts {
  readonly authorize: Authorize;
  /** Undefined: no TLS. */
  readonly tls: ServerCertificate | undefined;
  /** To be started first. */
  readonly parts: readonly Part[];
}

/** @throws PalateError ACCESS_OPEN, TLS_INVALID, CONFIG_INVALID */
export async function accessParts(config: Config, processLog: Log): Promise<AccessParts> {
  const log = processLog.child({ part: 'access' });
  await assertClosed(config);
  const tls = config.tls.certificateFile === '' ? undefined : new ServerCertificate(config.tls, log);
  const authorize = await openAccess(config.access, log);
  await warnOfPlainTokens(config, log);
  return { authorize, tls, parts: tls === undefined ? [] : [tls] };
}

/** Something in front may end TLS; the server cannot see it. */
async function warnOfPlainTokens({ host, tls, access }: Config, log: Log): Promise<void> {
  if (tls.certificateFile !== '' || !hasCredentials(access) || (await listensOnLoopbackOnly(host))) return;
  log.warn(
    { host },
    'tokens come without TLS: set tls.certificateFile, unless a proxy in front of this server speaks TLS',
  );
}
