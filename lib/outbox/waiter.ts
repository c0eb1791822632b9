/** Whoever waits for the result of one SMS, through one promise for all of them. */
import type { SubmitResult } from '../message.js';

export class Waiter {
  readonly result: Promise<SubmitResult>;
  readonly resolve: (result: SubmitResult) => void;
  readonly reject: (error: unknown) => void;

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
