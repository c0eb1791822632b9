/**
 * From a msg to the SMS that it asks for; pure.
 *
 * The form's values hold for every SMS, own properties of `msg.payload` override them by the names of
 * `OutboundSms`, and several recipients or an array of such objects is one SMS each; an event of our own nodes is read
 * by `read-event.ts`. Whether an SMS is sound is for the gateway to say; here is only what Node-RED adds: lenient types,
 * and numbers as people write them.
 * Source: contract section 3.2.
 */
import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { asSmppError, SmppError } from '../../lib/errors.js';
import type { OutboundSms } from '../../lib/message.js';
import { readNumber } from '../../lib/phone-number.js';
import { isBlank } from '../../lib/sender.js';
import type { SmsSettings } from '../shared/connection.js';
import { TYPED_FIELDS, type SmsDefaults, type TypedField } from './form.js';
import { meantProperty } from './property-names.js';

/** What the form's typed inputs gave for this msg; a field that nothing needs is absent. */
export type TypedResults = Readonly<Partial<Record<TypedField, unknown>>>;

export interface SmsSources {
  readonly defaults: SmsDefaults;
  readonly typed: TypedResults;
  readonly settings: SmsSettings;
}

/** SMS that one msg may ask for; the gateway's own queue takes no more. */
const SMS_MAX = 1_000_000;

/** An SMS that is ours until it is handed over. */
export type SmsDraft = { -readonly [Field in keyof OutboundSms]: OutboundSms[Field] };

/** Properties of `OutboundSms` that a payload gives, each read from what a form, a query or a file may have in its place. */
export type Said = Readonly<Partial<Record<keyof OutboundSms, unknown>>>;

/** How each is read; text may have any value written in it. */
const READERS: Readonly<Record<keyof OutboundSms, (value: unknown, name: string) => unknown>> = {
  to: asItIs,
  from: lenientText,
  text: lenientText,
  flash: lenientFlag,
  encoding: asItIs,
  substitute: lenientFlag,
  maxSegments: lenientNumber,
  longMessage: asItIs,
  receipt: asItIs,
  priority: asItIs,
  sendAt: lenientInstant,
  expiresAfterMs: lenientNumber,
  validityMs: lenientNumber,
  dedupeKey: lenientText,
  dedupeMs: lenientNumber,
  onUncertain: asItIs,
  correlation: asItIs,
};
const PROPERTIES = Object.keys(READERS) as readonly (keyof OutboundSms)[];

/**
 * What tells a result, a receipt, an incoming SMS and an alarm from an SMS to send: properties that no `OutboundSms`
 * has.
 *
 * They have a `to` and a `from` too, and come by a wire: an escalation would go to the phone that did not answer, and
 * an incoming SMS that is to be forwarded, back to our own number.
 */
const EVENTS = [
  { kind: 'report', names: ['messageIds', 'outcome'] },
  { kind: 'report', names: ['messageId', 'isFinal'] },
  { kind: 'incoming', names: ['dataCoding', 'complete'] },
  { kind: 'alarm', names: ['raisedAt', 'told'] },
] as const;

export type EventKind = (typeof EVENTS)[number]['kind'];

/** What one SMS says of itself. */
export interface Override {
  readonly said: Said;
  /** Of that, what the payload itself gave, and not the form. */
  readonly given: Said;
  /** It is an event, whose own values count only where the contract says so. */
  readonly event?: EventKind;
  /** It goes to several, for each of whom its dedupe key counts by itself. */
  readonly isOneOfSeveral?: true;
}

/** The SMS of one msg: what each says of itself. */
export interface Overrides {
  readonly list: readonly Override[];
  /** The msg asked for several: its results carry `msg.parts`, also when there is one. */
  readonly isArray: boolean;
}

const NONE: Said = {};
/** A payload that is the text, as most are. */
export const NOTHING_SAID: Overrides = { list: [{ said: NONE, given: NONE }], isArray: false };

/**
 * What `msg.payload` says of each SMS; a payload that is no object says nothing.
 *
 * @throws SMPP_MESSAGE when an array is empty or has something else than objects in it, or a property looks like a slip
 */
export function readOverrides(payload: unknown): Overrides {
  if (!Array.isArray(payload))
    return isObject(payload) ? { list: [readOverride(payload)], isArray: false } : NOTHING_SAID;
  const list = entriesOf(payload, 'payload', 0).map((entry, index) => {
    if (!isObject(entry))
      throw refuse('payload', `entry ${index} of the array is no object with to, from and text`);
    try {
      return readOverride(entry);
    } catch (error) {
      throw ofIndex(index, asSmppError(error, 'SMPP_MESSAGE'));
    }
  });
  return notEmpty(list);
}

/** The fault of one SMS of several. */
export function ofIndex(index: number, error: SmppError): SmppError {
  const message = `SMS ${index} of the array: ${error.message}; nothing was sent`;
  return new SmppError(error.code, message, {
    cause: error,
    ...(error.field !== undefined && { field: error.field }),
  });
}

/** The property of `OutboundSms` that a typed input gives. */
const GIVES = { to: 'to', from: 'from', text: 'text', dedupe: 'dedupeKey' } as const;

/** The fields for which the form is needed. */
export function neededFields(overrides: Overrides): readonly TypedField[] {
  if (overrides === NOTHING_SAID) return TYPED_FIELDS;
  const { list } = overrides;
  return TYPED_FIELDS.filter((field) =>
    list.some(({ said, event }) => event !== undefined || said[GIVES[field]] === undefined),
  );
}

/** What a typed input gave, as leniently read as the same in a payload. */
export function readTypedResult(field: TypedField, value: unknown): unknown {
  if (field === 'text') return lenientText(value, field);
  return isBlank(value) ? undefined : READERS[GIVES[field]](value, field);
}

/** One SMS for each recipient, where `to` is several. */
export function spread(overrides: Overrides, typedTo: unknown): Overrides {
  if (overrides === NOTHING_SAID && !isSeveral(typedTo)) return overrides;
  if (!overrides.list.some(({ said }) => isSeveral(said.to ?? typedTo))) return overrides;
  const list: Override[] = [];
  for (const override of overrides.list)
    for (const one of forEach(override, typedTo, list.length)) list.push(one);
  const { isArray } = overrides;
  return {
    list: notEmpty(list).list,
    isArray: isArray || list.some(({ isOneOfSeveral = false }) => isOneOfSeveral),
  };
}

function forEach(override: Override, typedTo: unknown, before: number): readonly Override[] {
  const to = override.said.to ?? typedTo;
  if (!isSeveral(to)) return [override];
  const recipients = recipientsIn(to, before);
  // A text that ends with a comma is one number all the same.
  const isList = Array.isArray(to) || recipients.length > 1;
  return recipients.map((one) => {
    const said = { ...override.said, to: one };
    return isList ? { ...override, said, isOneOfSeveral: true } : { ...override, said };
  });
}

const BETWEEN_NUMBERS = /[,;\r\n]/;

/** Whether it is an array, or a text with several numbers in it. */
export function isSeveral(to: unknown): to is string | readonly unknown[] {
  return typeof to === 'string' ? BETWEEN_NUMBERS.test(to) : Array.isArray(to);
}

/** @param before SMS that the msg has asked for already */
export function recipientsIn(to: string | readonly unknown[], before = 0): readonly unknown[] {
  const given = typeof to === 'string' ? [to] : entriesOf(to, 'to', before);
  const all = given.flatMap((one) => (typeof one === 'string' ? one.split(BETWEEN_NUMBERS) : [one]));
  const recipients = all.filter((one) => typeof one !== 'string' || !isBlank(one));
  if (before + recipients.length > SMS_MAX) throw tooMany();
  return recipients;
}

/**
 * One SMS, from what it says of itself and what the form says of all.
 *
 * @throws SMPP_MESSAGE naming the property at fault
 */
export function readSms(override: Override, { defaults, typed, settings }: SmsSources): SmsDraft {
  const { said } = override;
  const number = readNumber(said.to ?? typed.to, 'to', settings.defaultCountry);
  // With a + nothing but its country code is left to be read.
  const to = `+${number}`;
  // A literal: spreading the form's values into it took 7 µs of every SMS (measured).
  const sms: Record<keyof OutboundSms, unknown> = {
    to,
    from: typed.from ?? settings.sender,
    text: typed.text,
    flash: defaults.flash,
    encoding: defaults.encoding,
    substitute: defaults.substitute,
    maxSegments: defaults.maxSegments,
    longMessage: defaults.longMessage,
    receipt: defaults.receipt,
    priority: defaults.priority,
    sendAt: undefined,
    expiresAfterMs: defaults.expiresAfterMs,
    validityMs: defaults.validityMs,
    dedupeKey: undefined,
    dedupeMs: defaults.dedupeMs,
    onUncertain: defaults.onUncertain,
    correlation: undefined,
  };
  if (said !== NONE) {
    Object.assign(sms, said);
    sms.to = to;
    if (override.isOneOfSeveral === true) sms.dedupeKey = keyFor(number, said.dedupeKey);
  }
  sms.dedupeKey ??= keyFor(number, typed.dedupe);
  // The gateway checks every property at run time: what a flow hands over has no types.
  return sms as SmsDraft;
}

/** Of what is longer the gateway takes none; some of it is left for the number. */
const KEY_CHARACTERS_MAX = 256;
const KEY_CHARACTERS_WITH_NUMBER_MAX = 240;

/** A key that counts for one recipient by itself. */
function keyFor(number: string, key: unknown): unknown {
  if (typeof key !== 'string' || key.length > KEY_CHARACTERS_MAX) return key;
  const own =
    key.length <= KEY_CHARACTERS_WITH_NUMBER_MAX ? key : createHash('sha256').update(key).digest('hex');
  return `${number} ${own}`;
}

function readOverride(object: object): Override {
  const said = own(object);
  refuseSlips(object);
  const event = EVENTS.find(({ names }) => names.every((name) => Object.hasOwn(object, name)))?.kind;
  if (event === undefined) return { said, given: said };
  // As it was is nothing that the next SMS must be.
  const { encoding: _encoding, flash: _flash, ...rest } = said;
  const { to: _to, from: _from, text: _text, ...given } = rest;
  return { said: rest, given, event };
}

function own(object: object): Said {
  const said: Partial<Record<keyof OutboundSms, unknown>> = {};
  for (const name of PROPERTIES) {
    try {
      if (!Object.hasOwn(object, name)) continue;
      const value = (object as Said)[name];
      if (!isBlank(value)) said[name] = READERS[name](value, name);
    } catch (error) {
      throw error instanceof SmppError ? error : refuse(name, 'reading it from msg.payload failed', error);
    }
  }
  return said;
}

/** An option that is written wrongly would be left out in silence. */
function refuseSlips(object: object): void {
  for (const name of Object.keys(object)) {
    const meant = meantProperty(name);
    if (meant === undefined) continue;
    throw refuse(name, `must be written ${meant}; remove it if it is something else`);
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/**
 * What stands at each place of an array, which may be sparse, endless, or have methods of its own.
 *
 * @param before SMS that the msg has asked for already
 */
function entriesOf(array: readonly unknown[], field: 'to' | 'payload', before: number): readonly unknown[] {
  try {
    const { length } = array;
    if (before + length > SMS_MAX) throw new RangeError();
    return Array.from({ length }, (_, index) => array[index]);
  } catch (error) {
    if (!(error instanceof RangeError)) throw refuse(field, 'reading the array failed', error);
    throw tooMany();
  }
}

function tooMany(): SmppError {
  return refuse('to', `the array asks for too many SMS; at most ${SMS_MAX} are taken at once`);
}

function notEmpty(list: readonly Override[]): Overrides {
  if (list.length === 0) throw refuse('to', 'the array is empty: there is no one to send to');
  return { list, isArray: true };
}

function asItIs(value: unknown): unknown {
  return value;
}

/** Numbers and truth values as text, and octets as UTF-8; the rest as it is, for the gateway to refuse. */
function lenientText(value: unknown, field: string): unknown {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!ArrayBuffer.isView(value)) return value;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(value);
  } catch (error) {
    throw refuse(field, 'the buffer is not text in UTF-8', error);
  }
}

function lenientFlag(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const word = value.trim().toLowerCase();
  return word === 'true' || (word === 'false' ? false : value);
}

function lenientNumber(value: unknown): unknown {
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
    ? Number(value)
    : value;
}

/** A Date of a function node is none of ours: it comes from another context. Digits are ms since 1970. */
function lenientInstant(value: unknown): unknown {
  if (types.isDate(value)) return value.getTime();
  return typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? Number(value) : value;
}

export function refuse(field: string, reason: string, cause?: unknown): SmppError {
  return new SmppError('SMPP_MESSAGE', `${field}: ${reason}`, { field, cause });
}
