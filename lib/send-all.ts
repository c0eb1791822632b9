/**
 * Many SMS through one gateway with back-pressure: the list is read no faster than results are taken.
 */
import { asSmppError } from './errors.js';
import type { OutboundSms, SubmitResult } from './message.js';

/** SMS taken from the list and not yet handed back: enough to fill any window, little enough to hold. */
const AHEAD_MAX = 2_000;

/**
 * Sends every SMS of a list; yields each result as it settles, not in the list's order (`correlation` tells
 * them apart). An SMS that could not be taken in yields a result with outcome `rejected`, an empty id and the
 * reason, so that one bad number does not end the list.
 *
 * Ending the iteration early reads no more of the list; what was taken in is still sent.
 *
 * @throws what the list itself throws
 */
export async function* sendAll(
  list: Iterable<OutboundSms> | AsyncIterable<OutboundSms>,
  send: (sms: OutboundSms) => Promise<SubmitResult>,
): AsyncGenerator<SubmitResult, void, undefined> {
  const source = new Feed(list, send);
  try {
    for (;;) {
      const result = await source.next();
      if (result === undefined) return;
      yield result;
    }
  } finally {
    source.end();
  }
}

class Feed {
  readonly #send: (sms: OutboundSms) => Promise<SubmitResult>;
  readonly #ready: SubmitResult[] = [];
  #outstanding = 0;
  #isRead = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeFeed: (() => void) | undefined;

  constructor(
    list: Iterable<OutboundSms> | AsyncIterable<OutboundSms>,
    send: (sms: OutboundSms) => Promise<SubmitResult>,
  ) {
    this.#send = send;
    this.#read(list).catch((error: unknown) => {
      this.#failure = { error };
      this.#finishReading();
    });
  }

  async next(): Promise<SubmitResult | undefined> {
    for (;;) {
      const result = this.#ready.shift();
      if (result !== undefined) {
        this.#wakeFeed?.();
        return result;
      }
      if (this.#isRead && this.#outstanding === 0) {
        if (this.#failure !== undefined) throw this.#failure.error;
        return undefined;
      }
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }

  end(): void {
    this.#isRead = true;
    this.#wakeFeed?.();
  }

  async #read(list: Iterable<OutboundSms> | AsyncIterable<OutboundSms>): Promise<void> {
    for await (const sms of list) {
      if (this.#isRead) return;
      this.#outstanding += 1;
      this.#send(sms)
        .catch((error: unknown) => notTakenIn(sms, error))
        .then((result) => this.#settled(result));
      while (this.#outstanding + this.#ready.length >= AHEAD_MAX && !this.#isRead) {
        await new Promise<void>((resolve) => (this.#wakeFeed = resolve));
      }
    }
    this.#finishReading();
  }

  #settled(result: SubmitResult): void {
    this.#outstanding -= 1;
    this.#ready.push(result);
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  #finishReading(): void {
    this.#isRead = true;
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }
}

function notTakenIn(sms: OutboundSms, thrown: unknown): SubmitResult {
  const error = asSmppError(thrown, 'SMPP_MESSAGE');
  const now = Date.now();
  return {
    id: '',
    outcome: 'rejected',
    messageIds: [],
    to: typeof sms?.to === 'string' ? sms.to : '',
    from: typeof sms?.from === 'string' ? sms.from : '',
    segments: 0,
    encoding: 'gsm7',
    possibleDuplicate: false,
    recovered: false,
    status: error.code,
    reason: error.message,
    queuedAt: now,
    settledAt: now,
    attempts: 0,
    ...(sms?.correlation !== undefined && { correlation: sms.correlation }),
  };
}
