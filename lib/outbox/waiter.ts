/** Whoever waits for the result of one SMS, through one promise for all of them. */
import { SmppError } from '../errors.js';
import type { SubmitResult } from '../message.js';

export class Waiter {
  readonly result: Promise<SubmitResult>;
  readonly resolve: (result: SubmitResult) => void;
  readonly reject: (error: unknown) => void;
  /** The sender itself waits: nobody else need be told. */
  isSenders = false;

  constructor() {
    this.result = new Promise(take);
    this.resolve = taken.resolve;
    this.reject = taken.reject;
  }
}

/** One executor for all promises: one for each would be a quarter of what a promise costs. */
const taken = {} as { resolve: Waiter['resolve']; reject: Waiter['reject'] };

function take(resolve: Waiter['resolve'], reject: Waiter['reject']): void {
  taken.resolve = resolve;
  taken.reject = reject;
}

interface Awaited {
  waiter: Waiter | undefined;
}

/** The result of an SMS; rejects with SMPP_STOPPED when the gateway is stopped before it is settled. */
export function waitFor(item: Awaited): Promise<SubmitResult> {
  const waiter = (item.waiter ??= new Waiter());
  waiter.isSenders = true;
  return waiter.result;
}

/**
 * The result of an SMS for another one with its dedupe key. When the gateway is stopped first, that one stays queued
 * and this one was not taken in: the error names the field.
 */
export function waitBeside(item: Awaited): Promise<SubmitResult> {
  return (item.waiter ??= new Waiter()).result.catch((error: unknown) => {
    if (!(error instanceof SmppError && error.code === 'SMPP_STOPPED')) throw error;
    const message =
      'dedupeKey: the gateway was stopped before the SMS that has it was settled; that one stays in the queue, this ' +
      'one was not taken in: send it again to have its result';
    throw new SmppError('SMPP_STOPPED', message, { field: 'dedupeKey', cause: error });
  });
}
