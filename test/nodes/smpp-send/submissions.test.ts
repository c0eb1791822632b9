import assert from 'node:assert/strict';
import { asSmppError, SmppError } from '../../../lib/errors.js';
import type { Gateway, TakenIn } from '../../../lib/gateway.js';
import type { OutboundSms, SubmitResult } from '../../../lib/message.js';
import { addressOf } from '../../../nodes/shared/origin.js';
import { Submissions, type Reply, type Request } from '../../../nodes/smpp-send/submissions.js';

const RESULT: SubmitResult = {
  id: 'id',
  outcome: 'accepted',
  messageIds: [],
  to: '4512345678',
  from: 'Demo',
  segments: 1,
  encoding: 'gsm7',
  possibleDuplicate: false,
  recovered: false,
  queuedAt: 0,
  settledAt: 0,
  attempts: 1,
};

/** Takes SMS in until `room` is used up. */
class FakeGateway {
  readonly taken: OutboundSms[] = [];
  room = Infinity;
  /** Of the SMS that has every dedupe key, once there is one. */
  holder: Promise<SubmitResult> | undefined;

  async enqueue(sms: OutboundSms): Promise<TakenIn> {
    if (sms.dedupeKey !== undefined && this.holder !== undefined)
      return { id: 'holder', result: this.holder };
    if (this.taken.length >= this.room) throw new SmppError('SMPP_QUEUE_FULL', 'the queue is full');
    this.taken.push(sms);
    return { id: `id${this.taken.length}` };
  }
}

interface Outcome {
  readonly sent: unknown[];
  dones: number;
  error?: SmppError;
}

function setUp(count: number, room = Infinity) {
  const gateway = new FakeGateway();
  gateway.room = room;
  const submissions = new Submissions();
  const outcome: Outcome = { sent: [], dones: 0 };
  const request: Request = {
    messageId: 'm1',
    list: Array.from({ length: count }, () => ({ to: '4512345678', from: 'Demo', text: 'Hello' })),
    message: (index) => ({ index }),
    originTail: () => ',"node":"send","msg":{}}',
  };
  const reply: Reply = {
    send: (outputs) => outcome.sent.push(outputs),
    done: (error) => {
      outcome.dones += 1;
      if (error !== undefined) outcome.error = asSmppError(error, 'SMPP_STORAGE');
    },
  };
  /** Resolves when what the gateway says at once of each SMS is known. */
  const submit = async (): Promise<void> => {
    await submissions.submit(gateway as unknown as Gateway, request, reply);
    await nextTurn();
  };
  const settle = (index: number, result: SubmitResult = RESULT): void => {
    const correlation = gateway.taken[index]?.correlation;
    submissions.settled(addressOf(correlation)?.key ?? '', { ...result, correlation });
  };
  return { gateway, submissions, outcome, submit, settle, request };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('Submissions', () => {
  it('is done once every SMS is settled, not before', async () => {
    const { outcome, submit, settle } = setUp(2);
    await submit();
    settle(0);
    assert.equal(outcome.dones, 0);
    settle(1);
    assert.equal(outcome.dones, 1);
  });

  it('emits each result once', async () => {
    const { outcome, submit, settle } = setUp(1);
    await submit();
    settle(0);
    settle(0);
    assert.deepEqual([outcome.sent.length, outcome.dones], [1, 1]);
  });

  it('takes a result that comes before the SMS is known to be taken in', async () => {
    const { submissions, outcome, submit, settle } = setUp(1);
    const submitting = submit();
    submissions.handOver();
    settle(0);
    await submitting;
    assert.deepEqual([outcome.sent.length, outcome.dones], [1, 1]);
  });

  it('ends with the reason when an SMS is not taken in', async () => {
    const { outcome, submit } = setUp(1, 0);
    await submit();
    assert.deepEqual([outcome.dones, outcome.error?.code], [1, 'SMPP_QUEUE_FULL']);
  });

  it('says how many of an array were not taken in, once the others are settled', async () => {
    const { outcome, submit, settle } = setUp(3, 2);
    await submit();
    assert.equal(outcome.dones, 0);
    settle(0);
    settle(1);
    assert.match(outcome.error?.message ?? '', /^1 of 3 SMS were not taken in: the queue is full/);
  });

  it('stops handing over at the first group that was not taken in', async () => {
    const { gateway, outcome, submit } = setUp(100_000, 0);
    let tried = 0;
    gateway.enqueue = () => {
      tried += 1;
      return Promise.reject(new SmppError('SMPP_STORAGE', 'no space left'));
    };
    await submit();
    assert.ok(tried <= 200, String(tried));
    assert.equal(outcome.dones, 1);
  });

  it('leaves the event loop free while it hands over a large array', async () => {
    const { gateway, submit } = setUp(10_000);
    const submitting = submit();
    let longest = 0;
    for (let before = 0; before < 10_000; before = gateway.taken.length) {
      await new Promise((resolve) => setImmediate(resolve));
      longest = Math.max(longest, gateway.taken.length - before);
    }
    await submitting;
    assert.ok(longest <= 400, `${longest} SMS in one turn`);
  });

  it('hands over together what came in one turn', async () => {
    const { gateway, submit } = setUp(1);
    const submitting = [submit(), submit()];
    assert.equal(gateway.taken.length, 0);
    await Promise.all(submitting);
    assert.equal(gateway.taken.length, 2);
  });

  it('hands over what came in the turn in which the node closes', () => {
    const { gateway, submissions, submit } = setUp(2);
    void submit();
    submissions.close();
    assert.equal(gateway.taken.length, 2);
  });

  it('refuses an SMS whose msg cannot be kept, and is done', async () => {
    const { gateway, outcome, submit, request } = setUp(1);
    request.originTail = () => {
      throw new TypeError('a cycle');
    };
    await submit();
    assert.deepEqual([gateway.taken.length, outcome.dones, outcome.error?.code], [0, 1, 'SMPP_MESSAGE']);
  });

  it('is done without a word when the node closes', async () => {
    const { submissions, outcome, submit } = setUp(2);
    await submit();
    submissions.close();
    await nextTurn();
    assert.deepEqual([outcome.dones, outcome.error, outcome.sent], [1, undefined, []]);
  });

  it('says of an SMS that was not taken in, also when the node has closed', async () => {
    const { submissions, outcome, submit } = setUp(2, 1);
    void submit();
    submissions.close();
    await nextTurn();
    assert.deepEqual([outcome.dones, outcome.error?.code], [1, 'SMPP_QUEUE_FULL']);
  });

  it('says how much of a large array was not taken in, also when the node closes meanwhile', async () => {
    const { submissions, outcome, submit } = setUp(1_000, 200);
    const submitting = submit();
    submissions.close();
    await submitting;
    assert.equal(outcome.dones, 1);
    assert.match(outcome.error?.message ?? '', /^800 of 1000 SMS were not taken in/);
  });

  it('is done with what is handed over after the node has closed', async () => {
    const { gateway, submissions, outcome, submit } = setUp(1);
    submissions.close();
    await submit();
    await nextTurn();
    assert.deepEqual([gateway.taken.length, outcome.dones, outcome.error], [1, 1, undefined]);
  });

  it('knows the SMS that came with a msg', async () => {
    const { submissions, submit } = setUp(2);
    await submit();
    assert.deepEqual(await submissions.idsOf('m1'), ['id1', 'id2']);
  });

  it('takes the id of another msg for that of an SMS', async () => {
    assert.deepEqual(await new Submissions().idsOf('id9'), ['id9']);
  });

  describe('with a dedupe key', () => {
    function setUpKeyed(holder?: Promise<SubmitResult>) {
      const made = setUp(1);
      for (const sms of made.request.list) Object.assign(sms, { dedupeKey: 'pump-3' });
      made.gateway.holder = holder;
      return made;
    }

    it('takes its own result as any other', async () => {
      const { submissions, outcome, submit, settle } = setUpKeyed();
      await submit();
      assert.deepEqual([outcome.dones, await submissions.idsOf('m1')], [0, ['id1']]);
      settle(0);
      assert.deepEqual([outcome.sent.length, outcome.dones], [1, 1]);
    });

    it('says that it was not taken in when the gateway has stopped', async () => {
      const { gateway, outcome, submit } = setUpKeyed();
      gateway.enqueue = () => Promise.reject(new SmppError('SMPP_STOPPED', 'stopped'));
      await submit();
      assert.deepEqual([outcome.dones, outcome.error?.code], [1, 'SMPP_STOPPED']);
    });

    it('takes the result of another SMS that has the key, whose id is not its own', async () => {
      const { submissions, outcome, submit } = setUpKeyed(Promise.resolve(RESULT));
      const submitting = submit();
      submissions.handOver();
      assert.deepEqual(await submissions.idsOf('m1'), ['m1']);
      await submitting;
      assert.deepEqual([outcome.sent.length, outcome.dones], [1, 1]);
    });

    it('says that it was not taken in when the node closes before another one with the key is settled', async () => {
      const { submissions, outcome, submit } = setUpKeyed(new Promise(() => undefined));
      await submit();
      submissions.close();
      await nextTurn();
      const { dones, error, sent } = outcome;
      assert.deepEqual([dones, error?.code, error?.field, sent], [1, 'SMPP_STOPPED', 'dedupeKey', []]);
    });
  });

  it('does not take the SMS of a node before it for its own', () => {
    const { submissions } = setUp(1);
    assert.equal(submissions.settled('another.1', RESULT), false);
  });
});
