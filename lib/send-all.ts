/**
 * Many SMS through one gateway with back-pressure: the list is read no faster than results are taken.
 */
import { DEFAULT_BOUNDS, type Bounds } from './bounds.js';
import type { EpochMs } from './clock.js';
import { kindOf, SmppError } from './errors.js';
import type { OutboundSms, SubmitResult, Unsubscribe } from './message.js';

type List = Iterable<OutboundSms> | AsyncIterable<OutboundSms>;
/** Of a list that is not async, the elements may be promises. */
type Source = AsyncIterator<OutboundSms, unknown> | Iterator<OutboundSms | Promise<OutboundSms>, unknown>;

/** The gateway, as far as a list needs it. */
export interface Sender {
  readonly send: (sms: OutboundSms) => Promise<SubmitResult>;
  readonly wall: () => EpochMs;
  /** Calls back when it is stopped. */
  readonly onStop: (stopped: () => void) => Unsubscribe;
}

/**
 * Sends every SMS of a list; yields each result as it settles, not in the list's order (`correlation` tells
 * them apart). An SMS that cannot be sent as it is (SMPP_MESSAGE) yields a result with outcome `rejected`, an
 * empty id and the reason, so that one bad number does not end the list.
 *
 * Ending the iteration early reads and sends no more of the list, and tells its iterator (`return`); what was read of
 * it before is still sent. A list that hangs is told too, and not waited for. So it is when the gateway is stopped.
 *
 * @throws what the list itself throws, what `send` throws but SMPP_MESSAGE, and SMPP_STOPPED: not before the results of
 *   all that was sent have been yielded. SMPP_MESSAGE, field `list`, when it is no list
 */
export function sendAll(
  list: List,
  sender: Sender,
  { sendAllAhead }: Pick<Bounds, 'sendAllAhead'> = DEFAULT_BOUNDS,
): AsyncIterableIterator<SubmitResult, undefined, undefined> {
  const feed = new Feed(list, (sms) => resultOf(sms, sender), sendAllAhead);
  const results = resultsOf(feed, sender);
  return {
    next: () => results.next(),
    // A generator would first wait for the result that it was last asked for.
    return: async () => {
      await feed.end();
      await results.return(undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* resultsOf(
  feed: Feed,
  { onStop }: Sender,
): AsyncGenerator<SubmitResult, undefined, undefined> {
  const leave = onStop(() => feed.stop());
  try {
    for (;;) {
      const result = await feed.next();
      if (result === undefined) return undefined;
      yield result;
    }
  } finally {
    leave();
  }
}

class Feed {
  readonly #list: List;
  readonly #send: Sender['send'];
  readonly #aheadMax: number;
  readonly #ready: SubmitResult[] = [];
  /** What reads the list, from the first result that is asked for. */
  #source: Source | undefined;
  /** The list was asked for an SMS and has not answered. */
  #isListAsked = false;
  #outstanding = 0;
  #isRead = false;
  /** Nobody wants results any more. */
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeFeed: (() => void) | undefined;

  constructor(list: List, send: Sender['send'], aheadMax: number) {
    this.#list = list;
    this.#aheadMax = aheadMax;
    this.#send = send;
  }

  async next(): Promise<SubmitResult | undefined> {
    if (this.#source === undefined && !this.#isRead) void this.#read();
    while (!this.#isEnded) {
      const result = this.#ready.shift();
      if (result !== undefined) {
        this.#wakeFeed?.();
        return result;
      }
      if (this.#isRead && this.#outstanding === 0) break;
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
    if (this.#failure !== undefined && !this.#isEnded) throw this.#failure.error;
    return undefined;
  }

  /** Reads no more, and tells the list so; rejects with what it throws at that. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#wakeReader?.();
    await this.#stopReading();
  }

  /** The gateway is stopped: nothing more of the list can be sent. */
  stop(): void {
    if (!this.#isRead) this.#fail(stoppedFirst());
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    try {
      const source = iteratorOf(this.#list);
      this.#source = source;
      while (await this.#hasRoom()) {
        const { done, value } = await this.#ask(source);
        // Ended while the list was being waited for: nothing more is sent.
        if (this.#isRead) return;
        if (done === true) break;
        this.#outstanding += 1;
        this.#send(value).then(
          (result) => this.#settled(result),
          (error: unknown) => this.#refused(error),
        );
      }
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#isRead = true;
    this.#wakeReader?.();
  }

  async #ask(source: Source): Promise<IteratorResult<OutboundSms, unknown>> {
    this.#isListAsked = true;
    try {
      const step = await source.next();
      if (!isObject(step)) throw notAList(this.#list);
      return step.done === true ? step : { value: await step.value };
    } finally {
      this.#isListAsked = false;
    }
  }

  async #stopReading(): Promise<void> {
    if (this.#isRead) return;
    this.#isRead = true;
    this.#wakeFeed?.();
    const told = this.#tellSource();
    if (this.#isListAsked) told.catch(() => undefined);
    else await told;
  }

  async #tellSource(): Promise<void> {
    await this.#source?.return?.();
  }

  #settled(result: SubmitResult): void {
    this.#outstanding -= 1;
    this.#ready.push(result);
    this.#wakeReader?.();
  }

  /** The next one would be refused too: the gateway is stopped, its queue full, or its storage fails. */
  #refused(error: unknown): void {
    this.#outstanding -= 1;
    this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stopReading().catch(() => undefined);
    this.#wakeReader?.();
  }

  /** Resolves when one more may be read, to false when none is to be. */
  async #hasRoom(): Promise<boolean> {
    while (!this.#isRead && this.#outstanding + this.#ready.length >= this.#aheadMax) {
      await new Promise<void>((resolve) => (this.#wakeFeed = resolve));
    }
    return !this.#isRead;
  }
}

/** @throws SMPP_MESSAGE; callers without types hand over anything */
function iteratorOf(list: unknown): Source {
  if (!isObject(list)) throw notAList(list);
  const { [Symbol.asyncIterator]: later, [Symbol.iterator]: now } = list as Partial<
    Record<symbol, () => unknown>
  >;
  const begin = later ?? now;
  const source = typeof begin === 'function' ? begin.call(list) : undefined;
  if (!isObject(source) || typeof (source as Source).next !== 'function') throw notAList(list);
  return source as Source;
}

function isObject(value: unknown): value is object {
  return Object(value) === value;
}

function notAList(list: unknown): SmppError {
  const message = `list: must be an array of SMS or another iterable, is ${kindOf(list)}`;
  return new SmppError('SMPP_MESSAGE', message, { field: 'list' });
}

function stoppedFirst(): SmppError {
  return new SmppError(
    'SMPP_STOPPED',
    'the gateway was stopped before the end of the list: the rest is not sent',
  );
}

async function resultOf(sms: OutboundSms, { send, wall }: Sender): Promise<SubmitResult> {
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
