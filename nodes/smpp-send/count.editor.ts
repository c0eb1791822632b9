/**
 * What a text costs as an SMS, for the form's live counter; pure.
 *
 * The same code plans the text when it is sent: what the form says is what happens.
 * Source: contract section 3.4.
 */
import type { LongMessage } from '../../lib/message.js';
import { forcedBy, planText, type ForcedBy, type TextOptions } from '../../lib/text/segmenter.js';

/** A character that GSM7 lacks. */
export interface Foreign {
  /** As it is, or its code point where there is nothing to see. */
  readonly shown: string;
  /** Place in the text, from 1, in characters as a person counts them. */
  readonly place: number;
  /** What it is replaced by; absent when it has no plain equivalent, or substitution is off. */
  readonly replacement?: string;
}

export type Count =
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'counted';
      readonly encoding: 'gsm7' | 'ucs2';
      readonly segments: number;
      /** Units that the last segment still takes, in characters of the encoding. */
      readonly left: number;
      /** Units of one segment. */
      readonly max: number;
      /** Those that made it UTF-16, or were replaced so that it stays GSM7; the first of them only. */
      readonly foreign: readonly Foreign[];
      /** How many there are in all. */
      readonly foreignCount: number;
      /** Segments that the form allows, where these are more: it would be refused. */
      readonly segmentsMax?: number;
    }
  /** It cannot be sent so: `notGsm7` asked for GSM7 and has characters that it lacks, else it is too long. */
  | {
      readonly kind: 'refused';
      readonly reason: 'notGsm7' | 'tooLong';
      readonly foreign: readonly Foreign[];
    };

/** More would push the form's other fields out of sight. */
const FOREIGN_SHOWN_MAX = 8;

/** Contract section 2, `maxSegments`: what an empty field means. */
const SEGMENTS_MAX = 10;

/** The choices of a form, each of which may be something that an older version wrote. */
export interface CountOptions {
  readonly encoding: string;
  readonly substitute: boolean;
  readonly longMessage: string;
  /** As it stands in its field: it may also be an environment value, or nothing yet. */
  readonly maxSegments: string;
}

/** Counts a text under the form's choices. */
export function countText(text: string, choices: CountOptions): Count {
  if (text === '') return { kind: 'empty' };
  const options = textOptions(choices);
  const all = options.encoding === 'ucs2' ? [] : culprits(forcedBy(text, options.substitute));
  const foreign = all.slice(0, FOREIGN_SHOWN_MAX).map((found) => ({
    shown: visible(found.character),
    place: Array.from(text.slice(0, found.index)).length + 1,
    ...(found.replacement !== undefined && { replacement: found.replacement }),
  }));
  try {
    const plan = planText(text, options);
    if (plan.text === '') return { kind: 'empty' };
    const { encoding, parts: segments, unitsLeft: left, unitMax: max } = plan;
    const segmentsMax = choices.maxSegments === '' ? SEGMENTS_MAX : Number(choices.maxSegments);
    const count: Count = {
      kind: 'counted',
      encoding,
      segments,
      left,
      max,
      foreign,
      foreignCount: all.length,
    };
    return segments > segmentsMax ? { ...count, segmentsMax } : count;
  } catch {
    const isForced = options.encoding === 'gsm7' && all.some(({ replacement }) => replacement === undefined);
    return { kind: 'refused', reason: isForced ? 'notGsm7' : 'tooLong', foreign };
  }
}

/** Where one has no plain equivalent nothing is replaced: then those with one are not to blame. */
function culprits(unfit: readonly ForcedBy[]): readonly ForcedBy[] {
  const forcing = unfit.filter(({ replacement }) => replacement === undefined);
  return forcing.length > 0 ? forcing : unfit;
}

/** An address with a scheme or www, or the end of a name of a domain that is common in Denmark. */
const LINK = /\bhttps?:\/\/\S|\bwww\.\S|[\p{L}\d-]\.(dk|com|net|org|eu|io)\b/iu;

/**
 * Whether there is a web address in the text.
 *
 * Danish operators filter texts with one: Twilio's guideline for Denmark, twilio.com/en/guidelines/dk/sms. That it
 * is so for inMobile's customers too is *assumed*; inMobile publishes nothing about it.
 */
export function hasLink(text: string): boolean {
  return LINK.test(text);
}

function textOptions({ encoding, substitute, longMessage }: CountOptions): TextOptions {
  const ways: readonly LongMessage[] = ['udh8', 'udh16', 'sar', 'payload', 'reject'];
  return {
    encoding: encoding === 'gsm7' || encoding === 'ucs2' ? encoding : 'auto',
    substitute,
    longMessage: ways.find((way) => way === longMessage) ?? 'udh8',
  };
}

function visible(character: string): string {
  if (/[^\p{C}\p{Z}\p{M}]/u.test(character)) return character;
  const codePoint = character.codePointAt(0) ?? 0;
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}
