/**
 * Text to segments: which encoding a text goes in, what is substituted, and where it is cut.
 *
 * Says nothing of headers (`user-data.ts` adds them) nor of how many segments a sender allows. The editor's
 * live counter is this same code, so that what it shows is what is billed.
 * Source: contract 3.4; 3GPP 23.040 §9.2.3.24.1 (sizes), gateway.md (data codings).
 */
import { SmppError } from '../errors.js';
import type { LongMessage, Substitution } from '../message.js';
import { codePointName, isWellFormed } from './code-units.js';
import { encodeText, type Encoding } from './data-coding.js';
import { encodeGsm7, encodeGsm7IfPossible } from './gsm7.js';
import { cutSeptets, cutUtf16 } from './segment-breaks.js';
import { substitute, unfitForGsm7 } from './substitution.js';

export interface TextOptions {
  /** `auto` is GSM7 when the text fits it, after substitution where that is allowed, else UTF-16. */
  readonly encoding: 'auto' | Encoding;
  /** Replaces what GSM7 lacks by plain equivalents, if the whole text then fits GSM7. */
  readonly substitute: boolean;
  readonly longMessage: LongMessage;
}

/** A text as it will be sent. Units are what a segment is measured in: septets, or UTF-16 code units. */
export interface TextPlan {
  readonly encoding: Encoding;
  /** After substitution. */
  readonly text: string;
  readonly substituted: readonly Substitution[];
  /** Octets of each submit_sm, without headers; one for `payload`, whatever its length. */
  readonly segments: readonly Uint8Array[];
  /** SMS that it is billed as. The number of `segments`, but for `payload`. */
  readonly parts: number;
  /** Of all parts. */
  readonly unitsUsed: number;
  /** In the last part. */
  readonly unitsLeft: number;
  /** Of one part in this plan. */
  readonly unitMax: number;
}

/** A character that keeps a text from being GSM7, for the editor's counter. */
export interface ForcedBy {
  readonly character: string;
  /** In UTF-16 code units. */
  readonly index: number;
  /** What substitution makes of it; absent when it has no plain equivalent, or when substitution is off. */
  readonly replacement?: string;
}

/** Total is one octet in every way of joining (3GPP 23.040 §9.2.3.24.1, SMPP 3.4 §5.3.2.23). */
const PARTS_MAX = 255;

/** 140 octets of user data: 160 septets or 70 UTF-16 code units. */
const SINGLE_MAX: Readonly<Record<Encoding, number>> = { gsm7: 160, ucs2: 70 };

/** What the header of 6 octets leaves, padded to whole septets. */
const JOINED_MAX: Readonly<Record<Encoding, number>> = { gsm7: 153, ucs2: 67 };

/** What the header of 7 octets leaves; half a code unit is none. */
const JOINED_MAX_16: Readonly<Record<Encoding, number>> = { gsm7: 152, ucs2: 66 };

const UNIT: Readonly<Record<Encoding, string>> = { gsm7: 'septets of GSM7', ucs2: 'UTF-16 code units' };

/** A pair is one code point to a pattern with `u`, so only a half without its other half matches. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

const NOTHING: readonly Substitution[] = [];

interface Encoded extends Pick<TextPlan, 'encoding' | 'text' | 'substituted'> {
  readonly octets: Uint8Array;
}

/**
 * How `text` will be sent. An empty text is one empty segment. A lone surrogate, which UTF-16 may not hold,
 * becomes U+FFFD and is reported with the substitutions.
 *
 * @throws SmppError SMPP_MESSAGE: `gsm7` is asked for and a character is not in it (field `encoding`); the text
 *   does not fit one SMS and `longMessage` is `reject`, or it needs more than 255 (field `text`)
 */
export function planText(text: string, options: TextOptions): TextPlan {
  // Before any work, so that a text of megabytes costs none: no encoding carries more than this.
  if (text.length > PARTS_MAX * JOINED_MAX.gsm7) throw tooLong(`${text.length} characters`);
  const encoded = encode(text, options);
  const { encoding, octets } = encoded;
  const unitsUsed = encoding === 'gsm7' ? octets.length : octets.length / 2;
  const singleMax = SINGLE_MAX[encoding];
  if (unitsUsed <= singleMax) return planSingle(encoded, unitsUsed, singleMax);
  if (options.longMessage === 'reject') {
    throw new SmppError(
      'SMPP_MESSAGE',
      `text: one SMS holds ${singleMax} ${UNIT[encoding]}, this text has ${unitsUsed}; ` +
        'shorten it, or let long messages be joined',
      { field: 'text' },
    );
  }
  return planJoined(encoded, unitsUsed, options.longMessage);
}

/**
 * The characters that keep `text` from being GSM7, in order, and with `allowSubstitution` what becomes of each.
 * Where every one has a `replacement`, the text goes as GSM7; else those without force UTF-16.
 */
export function forcedBy(text: string, allowSubstitution: boolean): ForcedBy[] {
  return Array.from(unfitForGsm7(text), ({ from, index, to }) =>
    allowSubstitution && to !== undefined
      ? { character: from, index, replacement: to }
      : { character: from, index },
  );
}

function encode(text: string, options: TextOptions): Encoded {
  if (options.encoding === 'ucs2') return encodeUtf16(text);
  const octets = encodeGsm7IfPossible(text);
  if (octets !== undefined) return { encoding: 'gsm7', text, substituted: NOTHING, octets };
  const plain = options.substitute ? substitute(text) : undefined;
  if (plain !== undefined) return { encoding: 'gsm7', ...plain, octets: encodeGsm7(plain.text) };
  if (options.encoding === 'gsm7') throw notGsm7(text, options.substitute);
  return encodeUtf16(text);
}

function encodeUtf16(text: string): Encoded {
  if (isWellFormed(text))
    return { encoding: 'ucs2', text, substituted: NOTHING, octets: encodeText(text, 'ucs2') };
  const lone = text.matchAll(LONE_SURROGATE);
  const substituted = Array.from(lone, ({ 0: from, index }) => ({ from, to: '\ufffd', index }));
  const wellFormed = text.replace(LONE_SURROGATE, '\ufffd');
  return { encoding: 'ucs2', text: wellFormed, substituted, octets: encodeText(wellFormed, 'ucs2') };
}

function planSingle(encoded: Encoded, unitsUsed: number, unitMax: number): TextPlan {
  const { encoding, text, substituted, octets } = encoded;
  const unitsLeft = unitMax - unitsUsed;
  return { encoding, text, substituted, segments: [octets], parts: 1, unitsUsed, unitsLeft, unitMax };
}

function planJoined(encoded: Encoded, unitsUsed: number, longMessage: LongMessage): TextPlan {
  const { encoding, text, substituted, octets } = encoded;
  // SAR and message_payload have no header here, but the gateway puts one of 6 octets before each part it sends
  // to the phone: a fuller segment would be cut again.
  const unitMax = (longMessage === 'udh16' ? JOINED_MAX_16 : JOINED_MAX)[encoding];
  const ends = encoding === 'gsm7' ? cutSeptets(octets, unitMax) : cutUtf16(text, unitMax);
  const parts = ends.length;
  if (parts > PARTS_MAX) throw tooLong(`${parts} segments`);
  const octetsOfUnit = encoding === 'gsm7' ? 1 : 2;
  const starts = [0, ...ends];
  const segments = ends.map((end, index) =>
    octets.subarray((starts[index] ?? 0) * octetsOfUnit, end * octetsOfUnit),
  );
  const unitsLeft = unitMax - (unitsUsed - (starts[parts - 1] ?? 0));
  return {
    encoding,
    text,
    substituted,
    segments: longMessage === 'payload' ? [octets] : segments,
    parts,
    unitsUsed,
    unitsLeft,
    unitMax,
  };
}

function tooLong(size: string): SmppError {
  return new SmppError(
    'SMPP_MESSAGE',
    `text: ${size}, and a long SMS has at most ${PARTS_MAX} segments; shorten it`,
    { field: 'text' },
  );
}

function notGsm7(text: string, mayReplace: boolean): SmppError {
  const unfit = [...unfitForGsm7(text)].find(({ to }) => !mayReplace || to === undefined);
  const index = unfit?.index ?? 0;
  const hasEquivalent = unfit?.to !== undefined;
  return new SmppError(
    'SMPP_MESSAGE',
    `encoding: GSM7 has no ${codePointName(text, index)} (index ${index} of text); leave it out, ` +
      `${hasEquivalent ? 'allow substitution, ' : ''}or set encoding to auto`,
    { field: 'encoding' },
  );
}
