/**
 * Many SMS through one gateway with back-pressure: the list is read no faster than results are taken.
 */
import type { EpochMs } from './clock.js';
import { SmppError } from './errors.js';
import type { OutboundSms, SubmitResult } from './message.js';

/** SMS taken from the list and not yet handed back: enough to fill any window, little enough to hold. */
const AHEAD_MAX = 2_000;

/**
 * Sends every SMS of a list; yields each result as it settles, not in the list's order (`correlation` tells
 * them apart). An SMS that cannot be sent as it is (SMPP_MESSAGE) yields a result with outcome `rejected`, an
 * empty id and the reason, so that one bad number does not end the list.
 *
 * Ending the iteration early reads no more of the list; what was read of it is still sent.
 *
 * @throws what the list itself throws, and what `send` throws but SMPP_MESSAGE
 */
export async function* sendAll(
  list: Iterable<OutboundSms> | AsyncIterable<OutboundSms>,
  send: (sms: OutboundSms) => Promise<SubmitResult>,
  wall: () => EpochMs,
): AsyncGenerator<SubmitResult, void, undefined> {
  const source = new Feed(list, (sms) => resultOf(sms, send, wall));
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
    this.#read(list).catch((error: unknown) => this.#fail(error));
  }

  async next(): Promise<SubmitResult | undefined> {
    for (;;) {
      const result = this.#ready.shift();
      if (result !== undefined) {
        this.#wakeFeed?.();
        return result;
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#isRead && this.#outstanding === 0) return undefined;
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }

  end(): void {
    this.#isRead = true;
    this.#wakeFeed?.();
  }

  async #read(list: Iterable<OutboundSms> | AsyncIterable<OutboundSms>): Promise<void> {
    for await (const sms of list) {
      this.#outstanding += 1;
      this.#send(sms).then(
        (result) => this.#settled(result),
        (error: unknown) => this.#fail(error),
      );
      while (this.#isFull()) await new Promise<void>((resolve) => (this.#wakeFeed = resolve));
      if (this.#isRead) return;
    }
    this.#finishReading();
  }

  #settled(result: SubmitResult): void {
    this.#outstanding -= 1;
    this.#ready.push(result);
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }

  #isFull(): boolean {
    return !this.#isRead && this.#outstanding + this.#ready.length >= AHEAD_MAX;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#finishReading();
  }

  #finishReading(): void {
    this.#isRead = true;
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }
}

async function resultOf(
  sms: OutboundSms,
  send: (sms: OutboundSms) => Promise<SubmitResult>,
  wall: () => EpochMs,
): Promise<SubmitResult> {
  try {
    return await send(sms);
  } catch (error) {
    if (error instanceof SmppError && error.code === 'SMPP_MESSAGE') return refusal(sms, error, wall());
    throw error;
  }
}

function refusal(sms: OutboundSms, error: SmppError, now: EpochMs): SubmitResult {
  const { to, from, correlation }: { to?: unknown; from?: unknown; correlation?: unknown } = { ...sms };
  return {
    id: '',
    outcome: 'rejected',
    messageIds: [],
    to: typeof to === 'string' ? to : '',
    from: typeof from === 'string' ? from : '',
    segments: 0,
    encoding: 'gsm7',
    possibleDuplicate: false,
    recovered: false,
    reason: error.message,
    queuedAt: now,
    settledAt: now,
    attempts: 0,
    ...(correlation !== undefined && { correlation }),
  };
}
