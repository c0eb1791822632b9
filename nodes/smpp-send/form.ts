/**
 * The smpp-send node's properties, and what each SMS takes from them; pure.
 *
 * A flow may have been written by hand or by an older version: any property may be absent, and a number may be
 * a string.
 * Source: contract section 3.2.
 */
import type { OutboundSms } from '../../lib/message.js';
import { optionError, type FormReader } from '../shared/form-reader.js';

/** The properties that are typed inputs. */
export const TYPED_FIELDS = ['to', 'from', 'text', 'dedupe'] as const;
export type TypedField = (typeof TYPED_FIELDS)[number];

/** A core typedInput: what to evaluate, and how. */
export type TypedValue =
  /** A text, or what an environment variable gave in its place. */
  | { readonly type: 'str'; readonly value: unknown }
  /** A name or an expression; empty when there is none. */
  | { readonly type: 'msg' | 'flow' | 'global' | 'env' | 'jsonata'; readonly value: string };

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
  | 'validityMs'
  | 'dedupeMs'
  | 'onUncertain'
>;

export interface ReadForm {
  readonly typed: Readonly<Record<TypedField, TypedValue>>;
  readonly defaults: SmsDefaults;
}

/** Contract section 3.2; what else a typedInput knows has no field in the form. */
const TYPES = ['str', 'msg', 'flow', 'global', 'env', 'jsonata'] as const;

const TYPED_DEFAULTS: Readonly<Record<TypedField, TypedValue>> = {
  to: { type: 'msg', value: 'to' },
  from: { type: 'str', value: '' },
  text: { type: 'msg', value: 'payload' },
  dedupe: { type: 'str', value: '' },
};

/** Contract section 2. */
const SEGMENTS_MAX = 255;
const DAY_MINUTES = 24 * 60;

/**
 * Reads the form.
 *
 * @throws SMPP_OPTIONS naming the property at fault
 */
export function readForm(reader: FormReader): ReadForm {
  const minutes = (field: string, days: number): number | undefined =>
    reader.minutesAsMs(field, { range: 'above 0', max: days * DAY_MINUTES });
  const typed = (field: TypedField): TypedValue => readTyped(reader, field);
  return {
    typed: { to: typed('to'), from: typed('from'), text: typed('text'), dedupe: typed('dedupe') },
    defaults: withoutAbsent({
      flash: reader.flag('flash'),
      encoding: reader.choice('encoding', ['auto', 'gsm7', 'ucs2']),
      substitute: reader.flag('substitute'),
      maxSegments: reader.count('maxSegments', SEGMENTS_MAX),
      longMessage: reader.choice('longMessage', ['udh8', 'udh16', 'sar', 'payload', 'reject']),
      receipt: reader.choice('receipt', ['always', 'on-failure', 'never']),
      priority: reader.choice('priority', ['alarm', 'normal', 'bulk']),
      expiresAfterMs: minutes('expiresAfter', 30),
      validityMs: minutes('validity', 31),
      dedupeMs: minutes('dedupeMinutes', 30),
      onUncertain: reader.choice('onUncertain', ['resend', 'reconcile', 'report']),
    }),
  };
}

type Absentable = { readonly [Field in keyof SmsDefaults]-?: SmsDefaults[Field] | undefined };

function withoutAbsent(defaults: Absentable): SmsDefaults {
  return Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== undefined));
}

function readTyped(reader: FormReader, field: TypedField): TypedValue {
  const absent = TYPED_DEFAULTS[field];
  const type = reader.choice(`${field}Type`, TYPES) ?? absent.type;
  const value = reader.value(field) ?? absent.value;
  if (type === 'str') return { type, value };
  if (typeof value !== 'string' && typeof value !== 'number')
    throw optionError(field, 'must be a name or an expression as text');
  return { type, value: String(value).trim() };
}
