/**
 * From whatever a caller handed over to a checked, normalised SMS; pure.
 *
 * Plain checks rather than a schema library: this runs for every SMS, and each refusal is a sentence of its
 * own that names the field and the remedy. Numbers are masked and the text is never quoted.
 * Source: contract section 2; gateway.md (source_addr, numbers).
 */
import type { EpochMs, Millis } from '../clock.js';
import { kindOf, SmppError } from '../errors.js';
import type { OutboundSms } from '../message.js';
import { readNumber, type CountryCode } from '../phone-number.js';
import { isBlank, readSender } from '../sender.js';
import { planText, type TextPlan } from '../text/segmenter.js';
import type { OutboxEntry } from './entry.js';

const DAY_MS = 86_400_000;
const EXPIRES_AFTER_MS = DAY_MS;
/** An SMS for a later year is a mistake in a unit, not a wish. */
const SEND_AT_AHEAD_MAX_MS = 366 * DAY_MS;
/** 2001 in UTC. An earlier instant is a mistake in a unit too: seconds since 1970, read as ms, are in its first weeks. */
const SEND_AT_MIN: EpochMs = 978_307_200_000;
const EXPIRES_AFTER_MAX_MS = 30 * DAY_MS;
/** SMPP counts it in seconds, and a strict gateway takes no more days than a month has. */
const VALIDITY_MIN_MS = 1_000;
const VALIDITY_MAX_MS = 31 * DAY_MS;
const DEDUPE_MS = 3_600_000;
const DEDUPE_MAX_MS = 30 * DAY_MS;
const DEDUPE_KEY_CHARACTERS_MAX = 256;
const SEGMENTS_MAX = 10;
/** Concatenation numbers its segments in one octet (3GPP 23.040 §9.2.3.24.1). */
const SEGMENTS_LIMIT = 255;
/** No SMS of 255 segments is longer; anything beyond is refused before it is looked at. */
const TEXT_CHARACTERS_MAX = 40_000;
/** Keeps a record small; a flow's message belongs in the flow. */
export const CORRELATION_CHARACTERS_MAX = 262_144;

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

const ENCODINGS = ['auto', 'gsm7', 'ucs2'] as const;
const LONG_MESSAGES = ['udh8', 'udh16', 'sar', 'payload', 'reject'] as const;
const RECEIPTS = ['always', 'on-failure', 'never'] as const;
const PRIORITIES = ['alarm', 'normal', 'bulk'] as const;
const POLICIES = ['resend', 'reconcile', 'report'] as const;

export interface ReadSms {
  readonly entry: OutboxEntry;
  readonly plan: TextPlan;
}

/** What holds for an SMS that does not say otherwise. */
export interface SmsDefaults {
  readonly defaultCountry?: CountryCode | undefined;
  /** As `readSender` gives it: the `from` of an SMS that names none. */
  readonly sender?: string | undefined;
}

/**
 * Checks and normalises an SMS.
 *
 * @throws SMPP_MESSAGE naming the property, its value (masked) and the remedy
 */
export function readSms(
  given: OutboundSms,
  id: string,
  now: EpochMs,
  { defaultCountry, sender }: SmsDefaults = {},
): ReadSms {
  const sms = asProperties(given);
  const to = readNumber(sms.to, 'to', defaultCountry);
  const from = senderOf(sms.from, sender);
  const longMessage = oneOf('longMessage', sms.longMessage, LONG_MESSAGES, 'udh8');
  const plan = readText(sms, longMessage);
  const sendAt = readSendAt(sms.sendAt, now);
  const expiresAfterMs = duration(
    'expiresAfterMs',
    sms.expiresAfterMs,
    EXPIRES_AFTER_MS,
    EXPIRES_AFTER_MAX_MS,
  );
  const entry: Mutable<OutboxEntry> = {
    id,
    to,
    from,
    text: plan.text,
    encoding: plan.encoding,
    flash: flag('flash', sms.flash, false),
    longMessage,
    segments: plan.segments.length,
    receipt: oneOf('receipt', sms.receipt, RECEIPTS, 'always'),
    priority: oneOf('priority', sms.priority, PRIORITIES, 'normal'),
    queuedAt: now,
    expiresAt: Math.max(now, sendAt ?? now) + expiresAfterMs,
  };
  if (plan.substituted.length > 0) entry.substituted = plan.substituted;
  if (sendAt !== undefined) entry.sendAt = sendAt;
  if (sms.validityMs !== undefined) entry.validityMs = readValidity(sms.validityMs);
  if (sms.onUncertain !== undefined) {
    entry.onUncertain = oneOf('onUncertain', sms.onUncertain, POLICIES, 'resend');
  }
  if (sms.dedupeKey !== undefined) Object.assign(entry, readDedupe(sms));
  if (sms.correlation !== undefined) entry.correlation = readCorrelation(sms.correlation);
  return { entry, plan };
}

/** What callers without types hand over may be anything. */
type Properties = { readonly [K in keyof OutboundSms]?: unknown };

function asProperties(sms: unknown): Properties {
  if (typeof sms === 'object' && sms !== null) return sms;
  throw refuse('sms', `must be an object with to, from and text, is ${kindOf(sms)}`);
}

/** Most SMS have the sender of the one before. */
let lastSender: { readonly given: unknown; readonly read: string } = { given: undefined, read: '' };

function senderOf(value: unknown, otherwise: string | undefined): string {
  if (otherwise !== undefined && isBlank(value)) return otherwise;
  if (typeof value === 'string' && value === lastSender.given) return lastSender.read;
  lastSender = { given: value, read: readSender(value, 'from') };
  return lastSender.read;
}

function readText(sms: Properties, longMessage: OutboxEntry['longMessage']): TextPlan {
  const { text } = sms;
  if (isMissing(text)) {
    throw refuse('text', `must be text, is ${text === '' ? 'empty' : 'missing'}`);
  }
  if (typeof text !== 'string') throw refuse('text', `must be text, is ${kindOf(text)}`);
  if (text.length > TEXT_CHARACTERS_MAX) {
    throw refuse('text', `must have at most ${TEXT_CHARACTERS_MAX} characters, has ${text.length}`);
  }
  const segmentsMax = count('maxSegments', sms.maxSegments, SEGMENTS_MAX, SEGMENTS_LIMIT);
  const plan = planText(text, {
    encoding: oneOf('encoding', sms.encoding, ENCODINGS, 'auto'),
    substitute: flag('substitute', sms.substitute, true),
    longMessage,
  });
  // Such as the NULs of a PLC that has nothing to say.
  if (plan.text === '')
    throw refuse('text', 'must have something to read, has only characters that nobody sees');
  if (plan.parts > segmentsMax) {
    throw refuse(
      'text',
      `must take at most ${segmentsMax} segments, takes ${plan.parts} as ${plan.encoding}: shorten it or raise maxSegments`,
    );
  }
  return plan;
}

function readSendAt(value: unknown, now: EpochMs): EpochMs | undefined {
  if (value === undefined) return undefined;
  const at =
    value instanceof Date ? value.getTime() : typeof value === 'string' ? parseInstant(value) : value;
  if (typeof at !== 'number' || !Number.isFinite(at)) {
    throw refuse('sendAt', 'must be a time: ms since 1970, text in ISO 8601, or a Date');
  }
  if (at < SEND_AT_MIN) {
    throw refuse(
      'sendAt',
      `must be in ms since 1970, is before 2001: ${at}; a time in seconds is to be multiplied by 1000`,
    );
  }
  if (at > now + SEND_AT_AHEAD_MAX_MS) {
    throw refuse('sendAt', 'must be at most a year ahead, in ms since 1970 and not in microseconds');
  }
  return at;
}

/** JavaScript reads `5` as May 2001: what has no year is no instant. */
function parseInstant(text: string): number {
  return /\d{4}/.test(text) ? Date.parse(text) : NaN;
}

function readDedupe(sms: Properties): { dedupeKey?: string; dedupeMs?: number } {
  if (sms.dedupeKey === '') return {};
  if (typeof sms.dedupeKey !== 'string' || sms.dedupeKey.length > DEDUPE_KEY_CHARACTERS_MAX) {
    throw refuse('dedupeKey', `must be text of at most ${DEDUPE_KEY_CHARACTERS_MAX} characters`);
  }
  return { dedupeKey: sms.dedupeKey, dedupeMs: duration('dedupeMs', sms.dedupeMs, DEDUPE_MS, DEDUPE_MAX_MS) };
}

/** A copy, so that what comes back is what was handed over even if the caller changes it meanwhile. */
function readCorrelation(value: unknown): unknown {
  if (typeof value === 'string' && value.length > CORRELATION_CHARACTERS_MAX) throw tooLongACorrelation();
  if (typeof value !== 'object' || value === null) {
    if (['string', 'number', 'boolean'].includes(typeof value) || value === null) return value;
    throw refuse('correlation', `must be a JSON value, is ${kindOf(value)}`);
  }
  // Not a string when the object's own toJSON gives nothing.
  let json: unknown;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw refuse('correlation', 'must be a JSON value', error);
  }
  if (typeof json !== 'string' || json.length > CORRELATION_CHARACTERS_MAX) throw tooLongACorrelation();
  return JSON.parse(json);
}

function tooLongACorrelation(): SmppError {
  return refuse('correlation', `must have at most ${CORRELATION_CHARACTERS_MAX} characters as JSON`);
}

function oneOf<const T extends string>(
  field: string,
  value: unknown,
  allowed: readonly T[],
  otherwise: NoInfer<T>,
): T {
  if (value === undefined) return otherwise;
  for (const word of allowed) if (word === value) return word;
  throw refuse(field, `must be one of ${allowed.join(', ')}`);
}

function flag(field: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return value;
  throw refuse(field, 'must be true or false');
}

function count(field: string, value: unknown, otherwise: number, max: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw refuse(field, `must be a whole number from 1 to ${max}`);
}

function duration(field: string, value: unknown, otherwise: number, max: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && value > 0 && value <= max) return value;
  throw refuse(field, `must be a number of milliseconds above 0, at most ${max}`);
}

function readValidity(value: unknown): Millis {
  if (typeof value === 'number' && value >= VALIDITY_MIN_MS && value <= VALIDITY_MAX_MS) return value;
  throw refuse(
    'validityMs',
    `must be a number of milliseconds from ${VALIDITY_MIN_MS} to ${VALIDITY_MAX_MS} (31 days)`,
  );
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function refuse(field: string, reason: string, cause?: unknown): SmppError {
  return new SmppError('SMPP_MESSAGE', `${field}: ${reason}`, { field, cause });
}
