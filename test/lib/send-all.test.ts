import assert from 'node:assert/strict';
import type { OutboundSms, SubmitResult } from '../../lib/message.js';
import { sendAll } from '../../lib/send-all.js';
import { settle } from '../support/fake-clock.js';

const SMS: OutboundSms = { to: '4512345678', from: 'Alarm', text: 'Pump 3 stopped' };

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

  it('has sent what it waited for as it was ended', async () => {
    let arrives: (sms: OutboundSms) => void = () => undefined;
    async function* slow(): AsyncGenerator<OutboundSms> {
      yield SMS;
      yield await new Promise<OutboundSms>((resolve) => (arrives = resolve));
    }
    const results = sendAll(slow(), send, () => 0);
    await results.next();
    await settle();
    await results.return();
    const before = sent;
    arrives(SMS);
    await settle();
    assert.equal(sent, before + 1);
  });

  it('closes the list', () => {
    assert.equal(isClosed, true);
  });
});
