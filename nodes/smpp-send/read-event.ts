/**
 * From an event of our own nodes to the SMS that it asks for; pure.
 *
 * A receipt, a result or an alarm goes where the form says, and not to the phone that it tells of; an incoming SMS is
 * forwarded where the form says, else answered. What goes is the form's text, never by itself the one that came.
 * Source: contract section 3.2.
 */
import { isSameNumber, readNumber, type CountryCode } from '../../lib/phone-number.js';
import { isBlank, readSender } from '../../lib/sender.js';
import type { SmsSettings } from '../shared/connection.js';
import type { TypedValue } from './form.js';
import {
  isSeveral,
  recipientsIn,
  refuse,
  type Override,
  type Overrides,
  type Said,
  type TypedResults,
} from './read-sms.js';

/** What an event is read with. */
export interface EventContext {
  readonly typed: TypedResults;
  /** The form's To. */
  readonly to: TypedValue;
  readonly settings: SmsSettings;
  /** The msg that the event came in. */
  readonly msg: { readonly payload?: unknown; readonly sms?: unknown };
}

/** Each event as the SMS that it asks for; what is none stays as it is. */
export function readEvents(overrides: Overrides, context: EventContext): Overrides {
  if (!overrides.list.some(({ event }) => event !== undefined)) return overrides;
  return { ...overrides, list: overrides.list.map((override) => readEvent(override, context)) };
}

function readEvent(override: Override, context: EventContext): Override {
  const { said, given, event } = override;
  if (event === undefined) return override;
  const own = event === 'incoming' ? readIncoming(said, context) : readReport(said, event, context);
  return { said: { ...given, ...own }, given };
}

type Addressed = Pick<Said, 'to' | 'from' | 'text'>;

/** An undefined property is left to the form. */
function readReport(said: Said, event: 'report' | 'alarm', context: EventContext): Addressed {
  const { typed, settings, msg } = context;
  const to = event === 'report' ? nextPhone(said.to, context) : typed.to;
  const text = givenText(context) ?? (event === 'report' ? textOfSms(msg.sms) : said.text);
  if (isBlank(text)) throw refuse('text', event === 'report' ? NO_TEXT_SENT : NO_TEXT);
  return { to, from: typed.from ?? settings.sender ?? said.from, text };
}

const NO_TEXT = 'must be given: write the text in the form, or name a property that has it';
const NO_TEXT_SENT = `${NO_TEXT}; msg.sms.text, the text that was sent, is missing`;

function nextPhone(own: unknown, { typed, to, settings }: EventContext): unknown {
  if (saysPayloadTo(to)) return own;
  const goesOn =
    !isBlank(typed.to) &&
    !phonesOf(typed.to).every((phone) => isSamePhone(phone, own, settings.defaultCountry));
  if (goesOn) return typed.to;
  throw refuse(
    'to',
    'must be another phone: name the next phone, or payload.to to send to the same one again',
  );
}

/** Several where the form names one expression for all. */
function saysPayloadTo({ type, value }: TypedValue): boolean {
  const isPath = type === 'msg' || type === 'jsonata';
  return isPath && (value === 'payload.to' || value === 'msg.payload.to');
}

function readIncoming(said: Said, context: EventContext): Addressed {
  const { typed, settings } = context;
  const country = settings.defaultCountry;
  const from = typed.from ?? settings.sender;
  // None came in so: a function has made an answer of it.
  if (isSamePhone(said.to, said.from, country))
    return { to: said.to, from, text: givenText(context) ?? said.text };
  const to = givesNumber(typed.to, country) ? typed.to : said.from;
  const isAnswer = phonesOf(to).some((phone) => isSamePhone(phone, said.from, country));
  const own = typed.from === undefined && canBeSender(said.to) ? said.to : from;
  return { to, from: own, text: givenText(context) ?? textToForward(said, isAnswer) };
}

function textToForward({ text }: Said, isAnswer: boolean): unknown {
  if (!isAnswer) return text;
  throw refuse('text', 'must be given: the SMS that came in would only be sent back');
}

/** The form's, where that is neither nothing nor the event itself, as in a form that was never filled in. */
function givenText({ typed, msg }: EventContext): unknown {
  return isBlank(typed.text) || typed.text === msg.payload ? undefined : typed.text;
}

/** What was sent, where the msg has it. */
function textOfSms(sms: unknown): unknown {
  return typeof sms === 'object' && sms !== null && Object.hasOwn(sms, 'text')
    ? (sms as { readonly text?: unknown }).text
    : undefined;
}

function phonesOf(to: unknown): readonly unknown[] {
  return isSeveral(to) ? recipientsIn(to) : [to];
}

function isSamePhone(phone: unknown, own: unknown, country: CountryCode | undefined): boolean {
  return isSameNumber(String(phone), String(own), country);
}

function givesNumber(to: unknown, country: CountryCode | undefined): boolean {
  if (isSeveral(to)) return true;
  try {
    return readNumber(to, 'to', country) !== '';
  } catch {
    return false;
  }
}

/** An e-mail's address, as the core e-mail node gives it in `msg.from`, with a name or without. */
const EMAIL = /\S@\S/;

/** Such as an e-mail's address cannot, however short. */
export function canBeSender(value: unknown): boolean {
  if (typeof value === 'string' && EMAIL.test(value)) return false;
  try {
    return readSender(value, 'from') !== '';
  } catch {
    return false;
  }
}
