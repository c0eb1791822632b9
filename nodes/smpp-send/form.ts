/**
 * The smpp-send node's properties, and what each SMS takes from them; pure.
 *
 * A flow may have been written by hand or by an older version: any property may be absent, and a number may be
 * a string.
 * Source: contract section 3.2.
 */
import { SmppError } from '../../lib/errors.js';
import type { OutboundSms } from '../../lib/message.js';
import { isAbsent, readChoice, readFlag, type Form } from '../shared/read-choice.js';

/** The three properties that are typed inputs. */
export const TYPED_FIELDS = ['to', 'from', 'text'] as const;
export type TypedField = (typeof TYPED_FIELDS)[number];

/** A core typedInput: what to evaluate, and how. */
export interface TypedValue {
  readonly value: string;
  readonly type: string;
}

/** What every SMS of the node takes unless its msg says otherwise. */
export type SmsDefaults = Pick<
  OutboundSms,
  | 'flash'
  | 'encoding'
  | 'substitute'
  | 'maxSegments'
  | 'longMessage'
  | 'receipt'
  | 'priority'
  | 'expiresAfterMs'
  | 'onUncertain'
>;

export interface ReadForm {
  readonly typed: Readonly<Record<TypedField, TypedValue>>;
  readonly defaults: SmsDefaults;
}

/** Contract section 3.2; what else a typedInput knows has no field in the form. */
const TYPES = ['str', 'msg', 'flow', 'global', 'env', 'jsonata'] as const;

const TYPED_DEFAULTS: Readonly<Record<TypedField, TypedValue>> = {
  to: { value: 'to', type: 'msg' },
  from: { value: '', type: 'str' },
  text: { value: 'payload', type: 'msg' },
};

const MINUTE_MS = 60_000;

/**
 * Reads the form. What a word or a number may be is for the gateway to say, with each SMS.
 *
 * @throws SMPP_OPTIONS when a number, a truth value or a type is none
 */
export function readForm(form: Form): ReadForm {
  const expiresAfter = number(form, 'expiresAfter');
  const maxSegments = number(form, 'maxSegments');
  const words = Object.fromEntries(
    ['encoding', 'longMessage', 'receipt', 'priority', 'onUncertain']
      .map((field) => [field, form[field]] as const)
      .filter(([, word]) => !isAbsent(word)),
  );
  const flash = readFlag(form, 'flash');
  const substitute = readFlag(form, 'substitute');
  return {
    typed: { to: typedValue(form, 'to'), from: typedValue(form, 'from'), text: typedValue(form, 'text') },
    defaults: {
      ...words,
      ...(flash !== undefined && { flash }),
      ...(substitute !== undefined && { substitute }),
      ...(maxSegments !== undefined && { maxSegments }),
      ...(expiresAfter !== undefined && { expiresAfterMs: expiresAfter * MINUTE_MS }),
    },
  };
}

function typedValue(form: Form, field: TypedField): TypedValue {
  const value = form[field];
  const absent = TYPED_DEFAULTS[field];
  return {
    value: typeof value === 'string' || typeof value === 'number' ? String(value) : absent.value,
    type: isAbsent(form[`${field}Type`]) ? absent.type : readChoice(form, `${field}Type`, TYPES),
  };
}

function number(form: Form, field: string): number | undefined {
  const value = form[field];
  if (isAbsent(value)) return undefined;
  const read = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
  if (Number.isFinite(read)) return read;
  throw new SmppError('SMPP_OPTIONS', `${field}: it is not a number`, { field });
}
