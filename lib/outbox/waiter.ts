/** Whoever waits for the result of one SMS, through one promise for all of them. */
import type { SubmitResult } from '../message.js';

export class Waiter {
  readonly result: Promise<SubmitResult>;
  resolve!: (result: SubmitResult) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}
