import { type DescMessage, hasOption, type Message } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import {
  field as fieldRules,
  message as messageRules,
  oneof as oneofRules,
} from '../../../gen/buf/validate/validate_pb.ts';
import { type FieldViolation, PalateError } from '../../errors.ts';
import { compileRules, type MessageTest } from '../../events/compiled-rules.ts';

/** Checks a decoded message and throws INVALID_REQUEST with every broken field. */
export type Check = (message: Message) => void;

/** One for the process: it compiles the rules of a type on first sight. */
const validator = createValidator();

/** The check of a request type; undefined where no rule can break, so that the call need not ask. */
export function validationOf(schema: DescMessage): Check | undefined {
  if (!hasRules(schema, new Set())) return undefined;
  const isValid = compiled(schema);
  return (message) => {
    if (isValid?.(message) === true) return;
    const result = validator.validate(schema, message);
    if (result.kind === 'valid') return;
    if (result.kind === 'error') {
      throw new PalateError('INTERNAL', `the rules of ${schema.typeName} do not work`, { cause: result.error });
    }
    const violations = result.violations.map((violation) => ({
      field: pathToString(violation.field),
      description: violation.message,
    }));
    throw invalidRequest(schema, violations);
  };
}

/** Says of most messages at once that they are valid; of the others protovalidate has the words. Undefined: only it can tell. */
function compiled(schema: DescMessage): MessageTest | undefined {
  if (hasMessageRules(schema, new Set())) return undefined;
  try {
    return compileRules(schema);
  } catch {
    // Some rule has no compiled form.
    return undefined;
  }
}

function hasMessageRules(schema: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  if (hasOption(schema, messageRules)) return true;
  return schema.fields.some(({ message }) => message !== undefined && hasMessageRules(message, seen));
}

function invalidRequest(schema: DescMessage, violations: readonly FieldViolation[]): PalateError {
  const shown = violations
    .slice(0, 3)
    .map(({ field, description }) => (field === '' ? description : `${field}: ${description}`));
  const more = violations.length > shown.length ? `; and ${violations.length - shown.length} more` : '';
  return new PalateError('INVALID_REQUEST', `${schema.name} is not valid: ${shown.join('; ')}${more}`, { violations });
}

/** Does the type, or one within it, carry a rule of buf.validate? */
function hasRules(schema: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  if (hasOption(schema, messageRules)) return true;
  if (schema.oneofs.some((oneof) => hasOption(oneof, oneofRules))) return true;
  return schema.fields.some((field) => {
    if (hasOption(field, fieldRules)) return true;
    return field.message !== undefined && hasRules(field.message, seen);
  });
}
