import assert from 'node:assert/strict';
import { asSmppError, SmppError } from '../../../lib/errors.js';
import type { Gateway, TakenIn } from '../../../lib/gateway.js';
import type { OutboundSms, SubmitResult } from '../../../lib/message.js';
import { addressOf } from '../../../nodes/shared/origin.js';
import { Submissions, type Request } from '../../../nodes/smpp-send/submissions.js';

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
  lists = 0;
  /** Of the SMS that has every dedupe key, once there is one. */
  holder: Promise<SubmitResult> | undefined;

  async enqueue(sms: OutboundSms): Promise<TakenIn> {
    if (sms.dedupeKey !== undefined && this.holder !== undefined)
      return { id: 'holder', result: this.holder };
    if (this.taken.length >= this.room) throw new SmppError('SMPP_QUEUE_FULL', 'the queue is full');
    this.taken.push(sms);
    return { id: `id${this.taken.length}` };
  }

  async enqueueAll(list: readonly OutboundSms[]): Promise<readonly TakenIn[]> {
    this.lists += 1;
    if (this.taken.length + list.length > this.room)
      throw new SmppError('SMPP_QUEUE_FULL', 'the queue is full');
    return Promise.all(list.map((sms) => this.enqueue(sms)));
  }
}

interface Outcome {
  readonly sent: unknown[];
  dones: number;
  error?: SmppError;
}

const nobody = (): void => undefined;

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
  const reply = {
    isHandedOver: false,
    isOver: false,
    isOutlived: false,
    isVolatile: true,
    gatewayAfter: (error: unknown): Promise<Gateway> => Promise.reject(asSmppError(error, 'SMPP_STORAGE')),
    send: (outputs: unknown) => outcome.sent.push(outputs),
    done: (error?: SmppError) => {
      outcome.dones += 1;
      if (error !== undefined) outcome.error = asSmppError(error, 'SMPP_STORAGE');
    },
  };
  /** Resolves when what the gateway says at once of each SMS is known. */
  const submit = async (to: object = gateway): Promise<void> => {
    await submissions.submit(to as Gateway, request, reply);
    await nextTurn();
  };
  const settle = (index: number, result: SubmitResult = RESULT): void => {
    const correlation = gateway.taken[index]?.correlation;
    submissions.settled(addressOf(correlation)?.key ?? '', { ...result, correlation });
  };
  return { gateway, submissions, outcome, submit, settle, request, reply };
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

  describe('with an array', () => {
    it('hands it over as a whole', async () => {
      const { gateway, submit } = setUp(3);
      await submit();
      assert.deepEqual([gateway.lists, gateway.taken.length], [1, 3]);
    });

    it('is done once, with the reason, when that is not taken in', async () => {
      const { gateway, outcome, submit, submissions } = setUp(3, 2);
      await submit();
      assert.deepEqual([gateway.taken.length, outcome.dones, outcome.error?.code], [0, 1, 'SMPP_QUEUE_FULL']);
      assert.deepEqual([outcome.sent, await submissions.idsOf('m1')], [[], []]);
    });

    it('leaves the event loop free while it makes a large one ready, and hands it over once', async () => {
      const { gateway, submit, request } = setUp(10_000);
      let ready = 0;
      request.originTail = () => {
        ready += 1;
        return ',"node":"send","msg":{}}';
      };
      const submitting = submit();
      let longest = 0;
      for (let before = 0; ready < 10_000; before = ready) {
        await nextTurn();
        longest = Math.max(longest, ready - before);
      }
      await submitting;
      assert.ok(longest <= 400, `${longest} SMS in one turn`);
      assert.deepEqual([gateway.lists, gateway.taken.length], [1, 10_000]);
    });

    it('hands none of a large one over when it was told meanwhile that it is done', async () => {
      const { gateway, submit, reply } = setUp(1_000);
      const submitting = submit();
      reply.isOver = true;
      await submitting;
      assert.equal(gateway.lists, 0);
    });

    it('hands all of it to the gateway that takes the place of one that is stopped', async () => {
      const { gateway, outcome, submit, settle, reply } = setUp(2);
      const stopped = { enqueueAll: () => Promise.reject(new SmppError('SMPP_STOPPED', 'stopped')) };
      reply.gatewayAfter = () => Promise.resolve(gateway as unknown as Gateway);
      await submit(stopped);
      settle(0);
      settle(1);
      assert.deepEqual([outcome.sent.length, outcome.dones, outcome.error], [2, 1, undefined]);
    });
  });

  it('hands an SMS to the gateway that takes the place of one that is stopped', async () => {
    const { gateway, outcome, submit, settle, reply } = setUp(1);
    const stopped = { enqueue: () => Promise.reject(new SmppError('SMPP_STOPPED', 'stopped')) };
    reply.gatewayAfter = () => Promise.resolve(gateway as unknown as Gateway);
    await submit(stopped);
    settle(0);
    assert.deepEqual([outcome.sent.length, outcome.dones, outcome.error], [1, 1, undefined]);
  });

  it('says of a result that another node sends that it is recovered', async () => {
    const { outcome, submit, settle, reply } = setUp(1);
    await submit();
    reply.isOutlived = true;
    settle(0);
    const [[message]] = outcome.sent as [[{ payload: SubmitResult }]];
    assert.equal(message.payload.recovered, true);
  });

  it('hands over together what came in one turn', async () => {
    const { gateway, submit } = setUp(1);
    const submitting = [submit(), submit()];
    assert.equal(gateway.taken.length, 0);
    await Promise.all(submitting);
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

  it('is done without a word when the node ends', async () => {
    const { submissions, outcome, submit } = setUp(2);
    await submit();
    void submissions.end(nobody);
    await nextTurn();
    assert.deepEqual([outcome.dones, outcome.error, outcome.sent], [1, undefined, []]);
  });

  it('says which SMS go on without it when the node ends', async () => {
    const { submissions, submit } = setUp(2);
    await submit();
    const left: string[][] = [];
    await submissions.end((...one) => left.push(one));
    assert.deepEqual(left, [
      ['id1', 'm1'],
      ['id2', 'm1'],
    ]);
  });

  it('says what is lost when the node ends', async () => {
    const { submissions, outcome, submit } = setUp(2);
    await submit();
    void submissions.end(nobody, new SmppError('SMPP_STOPPED', 'in memory only'));
    await nextTurn();
    assert.deepEqual([outcome.dones, outcome.error?.message], [1, 'in memory only']);
  });

  it('says nothing of what the node had taken in on disk, although the flows stop', async () => {
    const { submissions, outcome, submit, reply } = setUp(2);
    reply.isVolatile = false;
    await submit();
    void submissions.end(nobody, new SmppError('SMPP_STOPPED', 'in memory only'));
    await nextTurn();
    assert.deepEqual([outcome.dones, outcome.error], [1, undefined]);
  });

  it('says of an SMS that was not taken in, also when the node has ended', async () => {
    const { submissions, outcome, submit } = setUp(1, 0);
    void submit();
    submissions.handOver();
    void submissions.end(nobody);
    await nextTurn();
    assert.deepEqual([outcome.dones, outcome.error?.code], [1, 'SMPP_QUEUE_FULL']);
  });

  it('knows the SMS that came with a msg', async () => {
    const { submissions, submit } = setUp(2);
    await submit();
    assert.deepEqual(await submissions.idsOf('m1'), ['id1', 'id2']);
  });

  it('knows no SMS that came with another msg', async () => {
    assert.deepEqual(await new Submissions().idsOf('id9'), []);
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
      assert.deepEqual(await submissions.idsOf('m1'), []);
      await submitting;
      assert.deepEqual([outcome.sent.length, outcome.dones], [1, 1]);
    });

    it('says that it was not taken in when the node ends before another one with the key is settled', async () => {
      const { submissions, outcome, submit } = setUpKeyed(new Promise(() => undefined));
      await submit();
      void submissions.end(nobody);
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
