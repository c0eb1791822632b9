/**
 * What programs without types hand to the library's functions beside options and SMS, which are read by
 * `gateway-options.ts` and `outbox/read-sms.ts`: each of the wrong type is an error that says so, before anything is done.
 */
import type { Millis } from './clock.js';
import { kindOf, SmppError } from './errors.js';
import { RECEIPT_WAIT_MS } from './inmobile.js';

/** @throws SMPP_OPTIONS, field `listener` */
export function checkListener(listener: unknown): void {
  if (typeof listener !== 'function') throw refusal('listener', 'a function', listener);
}

/** @throws SMPP_OPTIONS, field `options` or `per` */
export function readScope(options: unknown): 'message' | 'segment' {
  if (options === undefined) return 'message';
  if (typeof options !== 'object' || options === null)
    throw refusal('options', 'an object with per', options);
  const { per = 'message' } = options as { readonly per?: unknown };
  if (per === 'message' || per === 'segment') return per;
  throw refusal('per', 'message or segment', per);
}

/** @throws SMPP_OPTIONS, field `afterMs` */
export function checkWait(afterMs: unknown): asserts afterMs is Millis {
  if (typeof afterMs === 'number' && afterMs > 0 && afterMs <= RECEIPT_WAIT_MS) return;
  throw refusal('afterMs', `a number of milliseconds above 0, at most ${RECEIPT_WAIT_MS} (72 h)`, afterMs);
}

/** @throws SMPP_OPTIONS, field `max` */
export function checkMax(max: unknown): void {
  if (typeof max !== 'number' || Number.isNaN(max)) throw refusal('max', 'a number', max);
}

/** @throws SMPP_OPTIONS, field `id` */
export function checkId(id: unknown): void {
  if (typeof id !== 'string') throw refusal('id', 'the id of an SMS, which is text', id);
}

/** @throws SMPP_MESSAGE, field `sms` */
export function checkIsObject(sms: unknown): void {
  if (typeof sms === 'object' && sms !== null) return;
  const message = `sms: must be an object with to, from and text, is ${kindOf(sms)}`;
  throw new SmppError('SMPP_MESSAGE', message, { field: 'sms' });
}

/** @throws SMPP_MESSAGE, field `list` */
export function checkIsList(list: unknown): void {
  if (Array.isArray(list)) return;
  throw new SmppError('SMPP_MESSAGE', `list: must be an array of SMS, is ${kindOf(list)}`, { field: 'list' });
}

/** SMPP_OPTIONS of an argument; a value that is of the right type may be somebody's own, and is not quoted. */
export function refusal(field: string, must: string, value: unknown): SmppError {
  return new SmppError('SMPP_OPTIONS', `${field}: must be ${must}, is ${kindOf(value)}`, { field });
}
