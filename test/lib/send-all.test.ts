import assert from 'node:assert/strict';
import { SmppError } from '../../lib/errors.js';
import type { OutboundSms, SubmitResult } from '../../lib/message.js';
import { sendAll, type Sender as Way } from '../../lib/send-all.js';
import { settle } from '../support/fake-clock.js';

const SMS: OutboundSms = { to: '4512345678', from: 'Alarm', text: 'Pump 3 stopped' };

/** An SMS whose `correlation` tells it from others. */
function numbered(correlation: number): OutboundSms {
  return { ...SMS, correlation };
}

/** Settles an SMS when it is told to. */
class Sender {
  readonly sent: unknown[] = [];
  readonly #settle = new Map<unknown, (result: SubmitResult) => void>();

  readonly send = ({ correlation }: OutboundSms): Promise<SubmitResult> => {
    this.sent.push(correlation);
    return new Promise((resolve) => this.#settle.set(correlation, resolve));
  };

  settle(correlation: unknown): void {
    this.#settle.get(correlation)?.({ id: String(correlation) } as SubmitResult);
  }
}

/** A gateway that nobody stops. */
function through(send: Way['send']): Way {
  return { send, wall: () => 0, onStop: () => () => undefined };
}

async function idsOf(
  results: AsyncIterable<SubmitResult>,
): Promise<{ ids: readonly string[]; error: unknown }> {
  const ids: string[] = [];
  try {
    for await (const { id } of results) ids.push(id);
  } catch (error) {
    return { ids, error };
  }
  return { ids, error: undefined };
}

describe('sendAll that is ended early', () => {
  let read = 0;
  let sent = 0;
  let isClosed = false;

  function* endless(): Generator<OutboundSms> {
    try {
      for (;;) {
        read += 1;
        yield SMS;
      }
    } finally {
      isClosed = true;
    }
  }

  const send = (): Promise<SubmitResult> => {
    sent += 1;
    return Promise.resolve({ id: String(sent) } as SubmitResult);
  };

  beforeEach(async () => {
    read = sent = 0;
    isClosed = false;
    for await (const result of sendAll(endless(), through(send))) {
      await settle();
      if (result.id === '10') break;
    }
    await settle();
  });

  it('has sent all that it has read', () => {
    assert.equal(read, sent);
  });

  it('closes the list', () => {
    assert.equal(isClosed, true);
  });

  it('does not send what the list gives only after that', async () => {
    let arrives: (sms: OutboundSms) => void = () => undefined;
    async function* slow(): AsyncGenerator<OutboundSms> {
      yield SMS;
      yield await new Promise<OutboundSms>((resolve) => (arrives = resolve));
    }
    sent = 0;
    const results = sendAll(slow(), through(send));
    await results.next();
    await settle();
    await results.return?.();
    arrives(SMS);
    await settle();
    assert.equal(sent, 1);
  });

  for (const [when, isAsked] of [
    ['between two results', false],
    ['while a result is being waited for', true],
  ] as const) {
    it(`tells a list that hangs, ${when}`, async () => {
      let told = 0;
      let given = 0;
      const hangs: AsyncIterable<OutboundSms> = {
        [Symbol.asyncIterator]: () => ({
          next: () => {
            given += 1;
            return given === 1 ? Promise.resolve({ value: SMS }) : new Promise(() => undefined);
          },
          return: () => {
            told += 1;
            return new Promise(() => undefined);
          },
        }),
      };
      const results = sendAll(hangs, through(send));
      await results.next();
      await settle();
      const last = isAsked ? results.next() : undefined;
      await settle();
      await results.return?.();
      assert.deepEqual([told, await last], [1, isAsked ? { done: true, value: undefined } : undefined]);
    });
  }

  it('gives what the list throws as it is told', async () => {
    const failing: Iterable<OutboundSms> = {
      [Symbol.iterator]: () => ({
        next: () => ({ value: SMS }),
        return: () => {
          throw new Error('the file could not be closed');
        },
      }),
    };
    const results = sendAll(failing, through(send));
    await results.next();
    await settle();
    await assert.rejects(async () => results.return?.(), /could not be closed/);
  });
});

describe('sendAll of a list that fails', () => {
  async function* failing(): AsyncGenerator<OutboundSms> {
    yield numbered(1);
    yield numbered(2);
    await settle();
    throw new Error('line 3 is no SMS');
  }

  it('gives the result of all that was sent, however late, and then throws', async () => {
    const sender = new Sender();
    const results = idsOf(sendAll(failing(), through(sender.send)));
    await settle();
    sender.settle(2);
    await settle();
    sender.settle(1);
    const { ids, error } = await results;
    assert.deepEqual([ids, String(error)], [['2', '1'], 'Error: line 3 is no SMS']);
  });

  it('throws at once when nothing was sent', async () => {
    const { ids, error } = await idsOf(
      sendAll(
        (function* (): Generator<OutboundSms> {
          throw new Error('there is no such file');
        })(),
        through(() => Promise.reject(new Error('nothing is sent'))),
      ),
    );
    assert.deepEqual([ids, String(error)], [[], 'Error: there is no such file']);
  });

  it('waits for an element that is a promise, and fails with it', async () => {
    const sender = new Sender();
    const list = [Promise.resolve(numbered(1)), Promise.reject(new Error('no second one'))];
    const results = idsOf(sendAll(list as never as OutboundSms[], through(sender.send)));
    await settle();
    sender.settle(1);
    const { ids, error } = await results;
    assert.deepEqual([ids, String(error)], [['1'], 'Error: no second one']);
  });
});

describe('sendAll when an SMS is not taken in', () => {
  it('reads no more, gives the results of the others, and then throws', async () => {
    const sender = new Sender();
    let isClosed = false;
    function* list(): Generator<OutboundSms> {
      try {
        for (let number = 1; ; number += 1) yield numbered(number);
      } finally {
        isClosed = true;
      }
    }
    const send = (sms: OutboundSms): Promise<SubmitResult> =>
      sms.correlation === 3 ? Promise.reject(new SmppError('SMPP_QUEUE_FULL', 'full')) : sender.send(sms);
    const results = idsOf(sendAll(list(), through(send)));
    await settle();
    for (const number of sender.sent) sender.settle(number);
    const { ids, error } = await results;
    assert.ok(error instanceof SmppError);
    assert.deepEqual([ids, error.code, isClosed], [sender.sent.map(String), 'SMPP_QUEUE_FULL', true]);
  });

  it('goes on after one that is no SMS, be it nothing at all', async () => {
    const sender = new Sender();
    const refuse = (sms: OutboundSms | undefined): Promise<SubmitResult> =>
      sms === undefined ? Promise.reject(new SmppError('SMPP_MESSAGE', 'sms: none')) : sender.send(sms);
    const list = [undefined as never as OutboundSms, numbered(2)];
    const results = idsOf(sendAll(list, through(refuse)));
    await settle();
    sender.settle(2);
    assert.deepEqual((await results).ids, ['', '2']);
  });
});

describe('sendAll when the gateway is stopped', () => {
  const told: string[] = [];
  const stops = new Set<() => void>();
  let sender: Sender;
  let way: Way;

  beforeEach(() => {
    told.length = 0;
    stops.clear();
    sender = new Sender();
    way = {
      ...through(sender.send),
      onStop: (stopped) => {
        stops.add(stopped);
        return () => stops.delete(stopped);
      },
    };
  });

  function stop(): void {
    for (const stopped of stops) stopped();
  }

  /** Gives so many, and then hangs. */
  function hanging(count: number): AsyncIterable<OutboundSms> {
    let given = 0;
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          given += 1;
          return given <= count ? Promise.resolve({ value: numbered(given) }) : new Promise(() => undefined);
        },
        return: () => {
          told.push('return');
          return new Promise(() => undefined);
        },
      }),
    };
  }

  it('gives the results of what was sent, however late, and then SMPP_STOPPED; a list that hangs is told', async () => {
    const results = idsOf(sendAll(hanging(3), way));
    await settle();
    sender.settle(1);
    await settle();
    stop();
    sender.settle(3);
    await settle();
    sender.settle(2);
    const { ids, error } = await results;
    assert.deepEqual([ids, (error as SmppError).code, told], [['1', '3', '2'], 'SMPP_STOPPED', ['return']]);
  });

  it('ends also when the list has given nothing yet', async () => {
    const results = idsOf(sendAll(hanging(0), way));
    await settle();
    stop();
    const { ids, error } = await results;
    assert.deepEqual([ids, (error as SmppError).code, told], [[], 'SMPP_STOPPED', ['return']]);
  });

  it('sends nothing that the list gives only then', async () => {
    let arrives: (sms: OutboundSms) => void = () => undefined;
    async function* slow(): AsyncGenerator<OutboundSms> {
      yield await new Promise<OutboundSms>((resolve) => (arrives = resolve));
    }
    const results = idsOf(sendAll(slow(), way));
    await settle();
    stop();
    arrives(numbered(1));
    await results;
    await settle();
    assert.deepEqual(sender.sent, []);
  });

  it('asks a list no more that waits for its results to be taken', async () => {
    let asked = 0;
    const list: Iterable<OutboundSms> = {
      [Symbol.iterator]: () => ({
        next: () => ({ value: numbered((asked += 1)) }),
        return: () => told.push('return') as never,
      }),
    };
    const results = sendAll(list, way, { sendAllAhead: 2 });
    void results.next().catch(() => undefined);
    await settle();
    stop();
    await settle();
    assert.deepEqual([asked, told], [2, ['return']]);
  });

  it('ends well when all of the list was read before', async () => {
    const results = idsOf(sendAll([numbered(1)], way));
    await settle();
    stop();
    sender.settle(1);
    assert.deepEqual(await results, { ids: ['1'], error: undefined });
  });

  it('is not waited for once it has ended, in whatever way', async () => {
    const results = sendAll(hanging(1), way);
    void results.next();
    await settle();
    assert.equal(stops.size, 1);
    await results.return?.();
    await idsOf(sendAll([], way));
    await idsOf(sendAll(42 as never, way));
    assert.equal(stops.size, 0);
  });
});

describe('sendAll of what is no list', () => {
  const NO_LISTS: readonly (readonly [unknown, string])[] = [
    [42, 'a number'],
    ['ab', 'a string'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'a boolean'],
    [SMS, 'an object'],
    [() => [SMS], 'a function'],
    [{ [Symbol.iterator]: 1 }, 'an object'],
    [{ [Symbol.iterator]: () => 42 }, 'an object'],
    [{ [Symbol.asyncIterator]: () => ({}) }, 'an object'],
    [{ [Symbol.iterator]: () => ({ next: () => 42 }) }, 'an object'],
  ];
  for (const [index, [list, kind]] of NO_LISTS.entries()) {
    it(`refuses ${kind} (${index})`, async () => {
      const { ids, error } = await idsOf(
        sendAll(
          list as never,
          through(() => Promise.reject(new Error('nothing is sent'))),
        ),
      );
      const { code, field, message } = error as SmppError;
      assert.deepEqual(
        [ids, code, field, message],
        [[], 'SMPP_MESSAGE', 'list', `list: must be an array of SMS or another iterable, is ${kind}`],
      );
    });
  }
});
