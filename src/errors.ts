/**
 * The closed list of what can go wrong, and the one error type that leaves a room of the house.
 *
 * A reason is part of the contract: it stands in `google.rpc.ErrorInfo.reason` (domain `palate`), in
 * `rejected[].reason` and in `rejection.reason`. Callers branch on it, never on a message. A reason is never
 * renamed and never changes its code.
 */

/** The status codes of gRPC, https://grpc.io/docs/guides/status-codes/. Connect uses the same numbers. */
export const statusCodes = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type StatusCode = keyof typeof statusCodes;

interface ReasonEntry {
  readonly code: StatusCode;
  /** May the very same call succeed later? Then the answer carries a `RetryInfo`. */
  readonly retryable: boolean;
  /** What the caller can do about it. */
  readonly advice: string;
}

/** Every reason Palate gives, with its gRPC code, whether a retry helps, and what the caller can do. */
export const reasons = {
  // Any call.
  INTERNAL: entry('INTERNAL', 'A fault of the server: its log has the cause under the same error id.'),
  INVALID_REQUEST: entry('INVALID_ARGUMENT', 'Correct the fields that BadRequest names.'),
  MALFORMED_MESSAGE: entry('INVALID_ARGUMENT', 'Send a message of the type that the method takes.'),
  MESSAGE_TOO_LARGE: entry('RESOURCE_EXHAUSTED', 'Send less in one message.'),
  METADATA_TOO_LARGE: entry('RESOURCE_EXHAUSTED', 'Send less metadata.'),
  INVALID_TENANT: entry('INVALID_ARGUMENT', 'Use 1 to 63 of a-z, 0-9 and "-" in palate-tenant.'),
  DEADLINE_EXCEEDED: entry('DEADLINE_EXCEEDED', 'Allow more time, or ask for less.'),
  CANCELLED: entry('CANCELLED', 'The caller ended the call.'),
  NOT_IMPLEMENTED: entry('UNIMPLEMENTED', 'Use a method that reflection lists.'),
  TOKEN_MISSING: entry('UNAUTHENTICATED', 'Send a token in the header authorization, behind the word Bearer.'),
  TOKEN_INVALID: entry('UNAUTHENTICATED', 'Send a token that this server knows, or that its issuer has signed for it.'),
  TOKEN_EXPIRED: entry('UNAUTHENTICATED', 'Get a new token, and call again with it.'),
  TENANT_DENIED: entry('PERMISSION_DENIED', 'Call for a tenant that the token is for.'),
  METHOD_DENIED: entry('PERMISSION_DENIED', 'Use a token with a role that may call the method.'),
  KEYS_UNAVAILABLE: retryable('UNAVAILABLE', 'Retry: the server cannot read the keys of the issuer at the moment.'),
  UNKNOWN_SERVICE: entry('NOT_FOUND', 'Ask for a service that Health.List or reflection names.'),
  OVERLOADED: retryable('RESOURCE_EXHAUSTED', 'Retry after the time that RetryInfo gives.'),
  SHUTTING_DOWN: retryable('UNAVAILABLE', 'Retry: another process, or this one after its restart, will answer.'),
  STARTING: retryable('UNAVAILABLE', 'Retry when health says SERVING.'),
  WORKER_LOST: retryable('UNAVAILABLE', 'Retry: another worker takes its place; the log says why it died.'),
  UNREACHABLE: retryable('UNAVAILABLE', 'Check the address, and that a server runs there: `palate serve`.'),

  // An event in a batch, or the batch.
  EVENT_MALFORMED: entry('INVALID_ARGUMENT', 'Encode the event as palate.event.v1.Event, its strings as UTF-8.'),
  EVENT_TOO_LARGE: entry('INVALID_ARGUMENT', 'Send a smaller event.'),
  EVENT_INVALID: entry('INVALID_ARGUMENT', 'Correct the field that is named.'),
  EVENT_FROM_FUTURE: entry('INVALID_ARGUMENT', 'Set the clock of the sender, or leave occurred_at out.'),
  PAYLOAD_MISSING: entry('INVALID_ARGUMENT', 'Set exactly one payload.'),
  PAYLOAD_UNKNOWN: entry('INVALID_ARGUMENT', 'Use a payload that this server knows, or update the server first.'),
  PAYLOAD_UNSUPPORTED: entry('UNIMPLEMENTED', 'Send it to a server that carries out this event.'),
  EVENT_DENIED: entry('PERMISSION_DENIED', 'Use a token with a role that may publish events of this type.'),
  USER_ERASED: entry('FAILED_PRECONDITION', 'Drop it: the person was erased. Who comes back needs new ids.'),
  BATCH_TOO_LARGE: entry('INVALID_ARGUMENT', 'Split the batch.'),
  TENANTS_FULL: entry('RESOURCE_EXHAUSTED', 'Check the name of the tenant, or raise ingest.maxTenants.'),

  // The journal.
  JOURNAL_FULL: retryable('RESOURCE_EXHAUSTED', 'Make room on the disk; nothing acknowledged is lost.'),
  JOURNAL_LOCKED: entry('FAILED_PRECONDITION', 'Stop the other process, or give this one another --data folder.'),
  JOURNAL_CORRUPT: entry('DATA_LOSS', 'Restore the named segment from a copy; nothing after it was read.'),
  JOURNAL_FORMAT: entry(
    'FAILED_PRECONDITION',
    'Open the folder with the version of Palate that wrote it, or a newer one.',
  ),
  JOURNAL_FAILED: entry('UNAVAILABLE', 'The disk refused a write: see the log, then restart the server.'),
  JOURNAL_CLOSED: retryable('UNAVAILABLE', 'Retry: the server is stopping.'),
  SEQUENCE_UNAVAILABLE: entry('OUT_OF_RANGE', 'Ask from a sequence that GetJournalStatus covers.'),
  SLOW_CONSUMER: retryable('UNAVAILABLE', 'Subscribe again from the last sequence received.'),
  FOLLOWERS_DENIED: entry('PERMISSION_DENIED', 'Set ingest.followers to allow on the server whose journal it is.'),
  JOURNAL_CHANGED: entry('FAILED_PRECONDITION', 'Begin anew: another journal is there than the one read before.'),

  // Recommendations.
  UNKNOWN_PLACEMENT: entry('NOT_FOUND', 'Use a placement that the message lists.'),
  INVALID_FILTER: entry('INVALID_ARGUMENT', 'Correct the CEL expression where the message points.'),
  INVALID_PAGE_TOKEN: entry('INVALID_ARGUMENT', 'Pass on next_page_token as it came, with the same request.'),
  STATE_BEHIND: retryable('UNAVAILABLE', 'The state did not reach min_sequence in time: retry.'),
  AS_OF_UNAVAILABLE: entry('UNIMPLEMENTED', 'This server answers from its present state only: leave as_of out.'),

  // Snapshots of the state.
  SNAPSHOT_FAILED: entry('UNAVAILABLE', 'Make room, or give the folder of snapshots write permission.'),
  SNAPSHOT_UNUSABLE: entry('DATA_LOSS', 'Remove the file, or put a good copy in its place; others are used meanwhile.'),
  STATE_UNAVAILABLE: entry(
    'FAILED_PRECONDITION',
    'Put a snapshot of this journal, fold and settings into the folder of snapshots, or the dropped segments back.',
  ),

  // Objects.
  STORAGE_FULL: retryable('RESOURCE_EXHAUSTED', 'Make room where objects are kept.'),
  STORAGE_FAILED: retryable('UNAVAILABLE', 'Retry; the log of the server says what the storage refused.'),
  OBJECT_CORRUPT: entry('DATA_LOSS', 'Send the object again: what is kept of it went bad.'),

  // Fetching a photo to be scored.
  TOO_LARGE: entry('INVALID_ARGUMENT', 'Send a smaller photo.'),
  OBJECT_NOT_FOUND: entry('NOT_FOUND', 'Put the object first, and name it by the SHA-256 of its bytes.'),
  URI_FORBIDDEN: entry('PERMISSION_DENIED', 'Give a public https address; addresses of inside networks are refused.'),
  URI_FAILED: entry('FAILED_PRECONDITION', 'Give an address that answers 200 with the bytes as they are.'),
  URI_UNREACHABLE: retryable('UNAVAILABLE', 'Retry, or check that the address answers.'),
  FETCH_TIMEOUT: retryable('UNAVAILABLE', 'Retry, or send the bytes themselves: the address is too slow.'),

  // Reading a photo, and the models that score it.
  UNREADABLE: entry('INVALID_ARGUMENT', 'Send a whole JPEG, PNG, WebP, AVIF, GIF or TIFF.'),
  NOT_FOOD: entry('INVALID_ARGUMENT', 'Send a photo of food.'),
  SCORE_UNKNOWN: entry('NOT_FOUND', 'Score the photo first, and use the imageId of the answer.'),
  MODEL_UNKNOWN: entry('NOT_FOUND', 'Use a model that ListModels names.'),
  MODEL_IN_USE: entry('FAILED_PRECONDITION', 'Unload or change the pipeline that is named first.'),
  MODELS_FIXED: entry('PERMISSION_DENIED', 'Set scoring.models.control to allow on the server that is to change.'),
  MODEL_INVALID: entry('FAILED_PRECONDITION', 'Correct the file that is named, or serve another model.'),

  // Starting a process.
  CONFIG_INVALID: entry('INVALID_ARGUMENT', 'Correct it; `palate config --describe` lists every key.'),
  USAGE: entry('INVALID_ARGUMENT', 'See --help.'),
  ACCESS_OPEN: entry(
    'FAILED_PRECONDITION',
    'Configure tokens or client certificates, listen on 127.0.0.1, or let anyone in on purpose.',
  ),
  TLS_INVALID: entry('FAILED_PRECONDITION', 'Give a certificate that is valid and its own key, both as PEM.'),
  ADDRESS_IN_USE: entry('FAILED_PRECONDITION', 'Stop the other server, or choose another port.'),
  ERASURE_KEY_WRONG: entry('FAILED_PRECONDITION', 'Restore erasure.key of this data folder from a copy.'),
  DATA_UNWRITABLE: entry('FAILED_PRECONDITION', 'Give the folder write permission, or choose another with --data.'),
  INPUT_UNREADABLE: entry('INVALID_ARGUMENT', 'Give a file that can be read, in a format that --help lists.'),
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof reasons;

function entry(code: StatusCode, advice: string): ReasonEntry {
  return { code, retryable: false, advice };
}

function retryable(code: StatusCode, advice: string): ReasonEntry {
  return { code, retryable: true, advice };
}

/** A field of a request that broke its rule, as `google.rpc.BadRequest.FieldViolation` has it. */
export interface FieldViolation {
  /** Path of the field from the request's root, in proto names: `events[3].item_viewed.item_id`. */
  readonly field: string;
  readonly description: string;
}

export interface PalateErrorOptions {
  /** What happened, kept for the log. It never goes on the wire. */
  readonly cause?: unknown;
  /** Goes into `ErrorInfo.metadata`: figures and names a program may need. No personal data. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
  /** How long to wait before a retry, in milliseconds. Default for retryable reasons: 1,000. */
  readonly retryAfterMillis?: number;
}

const brand = Symbol.for('palate.error');

/** The one error type that leaves a room: a reason, its code, and a sentence that says what to do. */
export class PalateError extends Error {
  readonly [brand] = true;
  override readonly name = 'PalateError';
  readonly reason: Reason;
  readonly code: StatusCode;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  /** Undefined where a retry does not help. */
  readonly retryAfterMillis: number | undefined;

  constructor(reason: Reason, message: string, options: PalateErrorOptions = {}) {
    const { stackTraceLimit } = Error;
    // Whoever is refused in an overload is to cost little, and a stack costs 40 µs: it would say where the bound is checked.
    if (reason === 'OVERLOADED') Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    const { code, retryable } = reasons[reason];
    this.reason = reason;
    this.code = code;
    this.metadata = options.metadata ?? {};
    this.violations = options.violations ?? [];
    this.retryAfterMillis = retryable ? (options.retryAfterMillis ?? 1_000) : undefined;
  }

  /** What the caller can do, from the closed list. */
  get advice(): string {
    return reasons[this.reason].advice;
  }

  /** Makes one of anything thrown: a stranger becomes INTERNAL, with itself as the cause. */
  static from(thrown: unknown): PalateError {
    if (isPalateError(thrown)) return thrown;
    return new PalateError('INTERNAL', 'internal error', { cause: thrown });
  }
}

/** By brand, not by class: two copies of the package in one process understand each other. */
export function isPalateError(thrown: unknown): thrown is PalateError {
  return typeof thrown === 'object' && thrown !== null && brand in thrown;
}
