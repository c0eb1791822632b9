import assert from 'node:assert/strict';
import { SmppError } from '../../lib/errors.js';
import type { OutboundSms, SubmitResult } from '../../lib/message.js';
import { sendAll } from '../../lib/send-all.js';
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
    for await (const result of sendAll(endless(), send, () => 0)) {
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
    const results = sendAll(slow(), send, () => 0);
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
      const results = sendAll(hangs, send, () => 0);
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
    const results = sendAll(failing, send, () => 0);
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
    const results = idsOf(sendAll(failing(), sender.send, () => 0));
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
        () => Promise.reject(new Error('nothing is sent')),
        () => 0,
      ),
    );
    assert.deepEqual([ids, String(error)], [[], 'Error: there is no such file']);
  });

  it('waits for an element that is a promise, and fails with it', async () => {
    const sender = new Sender();
    const list = [Promise.resolve(numbered(1)), Promise.reject(new Error('no second one'))];
    const results = idsOf(sendAll(list as never as OutboundSms[], sender.send, () => 0));
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
    const results = idsOf(sendAll(list(), send, () => 0));
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
    const results = idsOf(sendAll(list, refuse, () => 0));
    await settle();
    sender.settle(2);
    assert.deepEqual((await results).ids, ['', '2']);
  });
});
