/**
 * The smpp-send node's properties, and what each SMS takes from them; pure.
 *
 * A flow may have been written by hand or by an older version: any property may be absent, and a number may be
 * a string.
 * Source: contract section 3.2.
 */
import type { OutboundSms } from '../../lib/message.js';
import type { FormReader, Form } from '../shared/form-reader.js';

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

/** Contract section 2. */
const SEGMENTS_MAX = 255;
const EXPIRES_AFTER_MINUTES_MAX = 30 * 24 * 60;

/**
 * Reads the form.
 *
 * @throws SMPP_OPTIONS naming the property at fault
 */
export function readForm(form: Form, reader: FormReader): ReadForm {
  return {
    typed: {
      to: typedValue(form, reader, 'to'),
      from: typedValue(form, reader, 'from'),
      text: typedValue(form, reader, 'text'),
    },
    defaults: withoutAbsent({
      flash: reader.flag('flash'),
      encoding: reader.choice('encoding', ['auto', 'gsm7', 'ucs2']),
      substitute: reader.flag('substitute'),
      maxSegments: reader.count('maxSegments', SEGMENTS_MAX),
      longMessage: reader.choice('longMessage', ['udh8', 'udh16', 'sar', 'payload', 'reject']),
      receipt: reader.choice('receipt', ['always', 'on-failure', 'never']),
      priority: reader.choice('priority', ['alarm', 'normal', 'bulk']),
      expiresAfterMs: reader.minutesAsMs('expiresAfter', {
        range: 'above 0',
        max: EXPIRES_AFTER_MINUTES_MAX,
      }),
      onUncertain: reader.choice('onUncertain', ['resend', 'reconcile', 'report']),
    }),
  };
}

type Absentable = { readonly [Field in keyof SmsDefaults]-?: SmsDefaults[Field] | undefined };

function withoutAbsent(defaults: Absentable): SmsDefaults {
  return Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== undefined));
}

function typedValue(form: Form, reader: FormReader, field: TypedField): TypedValue {
  const value = form[field];
  const absent = TYPED_DEFAULTS[field];
  return {
    value: typeof value === 'string' || typeof value === 'number' ? String(value) : absent.value,
    type: reader.choice(`${field}Type`, TYPES) ?? absent.type,
  };
}
