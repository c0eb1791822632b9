/**
 * The smpp-send node's properties, and what each SMS takes from them; pure.
 *
 * A flow may have been written by hand or by an older version: any property may be absent, and a number may be
 * a string.
 * Source: contract section 3.2.
 */
import { SmppError } from '../../lib/errors.js';
import type { OutboundSms } from '../../lib/message.js';

/** The three properties that are typed inputs. */
export const TYPED_FIELDS = ['to', 'from', 'text'] as const;
export type TypedField = (typeof TYPED_FIELDS)[number];

/** A core typedInput: what to evaluate, and how. */
export interface TypedValue {
  readonly value: string;
  readonly type: string;
}

export type SendForm = Readonly<Record<string, unknown>>;

/** What every SMS of the node takes unless its msg says otherwise. */
export type SmsDefaults = Omit<OutboundSms, TypedField>;

export interface ReadForm {
  readonly typed: Readonly<Record<TypedField, TypedValue>>;
  readonly defaults: SmsDefaults;
}

const TYPED_DEFAULTS: Readonly<Record<TypedField, TypedValue>> = {
  to: { value: 'to', type: 'msg' },
  from: { value: '', type: 'str' },
  text: { value: 'payload', type: 'msg' },
};

const MINUTE_MS = 60_000;

/**
 * Reads the form. What a word or a number may be is for the gateway to say, with each SMS.
 *
 * @throws SMPP_OPTIONS when a number is none
 */
export function readForm(form: SendForm): ReadForm {
  const expiresAfter = number(form, 'expiresAfter');
  const maxSegments = number(form, 'maxSegments');
  const words = Object.fromEntries(
    ['encoding', 'longMessage', 'receipt', 'priority', 'onUncertain']
      .map((field) => [field, form[field]] as const)
      .filter(([, word]) => word !== undefined && word !== null && word !== ''),
  );
  return {
    typed: { to: typedValue(form, 'to'), from: typedValue(form, 'from'), text: typedValue(form, 'text') },
    defaults: {
      ...words,
      ...(typeof form.flash === 'boolean' && { flash: form.flash }),
      ...(typeof form.substitute === 'boolean' && { substitute: form.substitute }),
      ...(maxSegments !== undefined && { maxSegments }),
      ...(expiresAfter !== undefined && { expiresAfterMs: expiresAfter * MINUTE_MS }),
    },
  };
}

function typedValue(form: SendForm, field: TypedField): TypedValue {
  const value = form[field];
  const type = form[`${field}Type`];
  if (typeof value !== 'string') return TYPED_DEFAULTS[field];
  return { value, type: typeof type === 'string' && type !== '' ? type : TYPED_DEFAULTS[field].type };
}

function number(form: SendForm, field: string): number | undefined {
  const value = form[field];
  if (value === undefined || value === null || value === '') return undefined;
  const read = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
  if (Number.isFinite(read)) return read;
  throw new SmppError('SMPP_OPTIONS', `${field}: it is not a number`, { field });
}
