/**
 * Which receipts a smpp-dlr node wants, from its form; pure.
 *
 * Source: contract section 3.3.
 */
import { SmppError } from '../../lib/errors.js';
import type { DeliveryReceipt } from '../../lib/message.js';
import { addressOf } from '../shared/origin.js';
import { isAbsent, readChoice, type Form } from '../shared/read-choice.js';

export interface ReceiptFilter {
  readonly per: 'message' | 'segment';
  /** Undefined when overdue SMS are not asked for. */
  readonly overdueAfterMs: number | undefined;
  /** Whether a receipt came for an SMS of a node that is asked for. */
  readonly isFromWanted: (receipt: DeliveryReceipt) => boolean;
  readonly isStateWanted: (receipt: DeliveryReceipt) => boolean;
}

const OVERDUE_AFTER_MINUTES = 10;
/** Receipts are matched to their SMS for three days; after that nobody knows what is missing. */
const OVERDUE_AFTER_MINUTES_MAX = 3 * 24 * 60;
const MINUTE_MS = 60_000;

/**
 * Reads the form; a property that is absent has its default.
 *
 * @param originalOf of the id of a node in a subflow, which each instance has a copy of: the id that the editor shows
 * @throws SMPP_OPTIONS when `noReceiptAfter` is no number of minutes, or a choice is none
 */
export function readFilter(form: Form, originalOf: (id: string) => string | undefined): ReceiptFilter {
  const nodes = new Set(readSenders(form.from));
  const states = readChoice(form, 'states', ['final', 'all']);
  return {
    per: readChoice(form, 'per', ['message', 'segment']),
    overdueAfterMs: readMinutes(form.noReceiptAfter),
    isFromWanted: ({ correlation }) => {
      if (nodes.size === 0) return true;
      const sender = addressOf(correlation)?.node;
      return sender !== undefined && (nodes.has(sender) || nodes.has(originalOf(sender) ?? ''));
    },
    isStateWanted: ({ isFinal }) => isFinal || states === 'all',
  };
}

/** Ids of smpp-send nodes; the form saves a list, a hand may have written a text. */
export function readSenders(from: unknown): readonly string[] {
  const ids: unknown[] = Array.isArray(from) ? from : typeof from === 'string' ? from.split(/[\s,]+/) : [];
  return ids.filter((id) => typeof id === 'string').filter((id) => id !== '');
}

function readMinutes(value: unknown): number | undefined {
  const minutes = isAbsent(value) ? OVERDUE_AFTER_MINUTES : Number(value);
  if (minutes === 0) return undefined;
  if (minutes > 0 && minutes <= OVERDUE_AFTER_MINUTES_MAX) return minutes * MINUTE_MS;
  throw new SmppError(
    'SMPP_OPTIONS',
    `noReceiptAfter: it is a number of minutes from 0 (off) to ${OVERDUE_AFTER_MINUTES_MAX}`,
    { field: 'noReceiptAfter' },
  );
}
