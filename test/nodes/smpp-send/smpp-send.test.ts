import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  next,
  nodeOf,
  receive,
  startFlows,
  useNodeRed,
  waitingAt,
  type FlowNode,
} from '../../support/node-red-flows.js';
import { CATCH, connection, ENDS, ON_TAB, send, sink, TAB } from '../flow.js';

const TO = '4512345678';
const REFUSED = '4512345660';

function flow(properties: Readonly<Record<string, unknown>> = {}, ...others: FlowNode[]): FlowNode[] {
  return [TAB, connection(), send(properties), ...ENDS, ...CATCH, ...others];
}

describe('smpp-send', () => {
  useNodeRed();

  it('emits the result of an accepted SMS on its first output', async () => {
    await startFlows(flow());
    receive('send', { to: TO, payload: 'Hello' });
    const { payload } = await next('accepted');
    assert.equal(payload.outcome, 'accepted');
    assert.equal(payload.to, TO);
    assert.equal((payload.messageIds as string[]).length, 1);
  });

  it('leaves the rest of the msg untouched', async () => {
    await startFlows(flow());
    receive('send', { _msgid: 'm1', to: TO, payload: 'Hello', topic: 'door', order: { id: 7 } });
    const { payload, ...rest } = await next('accepted');
    assert.deepEqual(rest, { _msgid: 'm1', to: TO, topic: 'door', order: { id: 7 } });
  });

  it('emits what the gateway refused on its second output, with the status by name', async () => {
    await startFlows(flow());
    receive('send', { to: REFUSED, payload: 'Hello' });
    const { payload } = await next('other');
    assert.equal(payload.outcome, 'rejected');
    assert.equal(payload.status, 'ESME_RINVDSTADR');
  });

  it('is complete once the result is out', async () => {
    const complete = { id: 'complete', ...ON_TAB, type: 'complete', scope: ['send'], wires: [['completed']] };
    await startFlows(flow({}, complete, sink('completed')));
    receive('send', { to: TO, payload: 'Hello' });
    assert.equal((await next('completed')).payload.outcome, 'accepted');
  });

  it('reads a national number as one of the default country', async () => {
    await startFlows(flow());
    receive('send', { to: '12 34 56 78', payload: 'Hello' });
    assert.equal((await next('accepted')).payload.to, '4512345678');
  });

  it('hands the correlation of the flow back, and not its own', async () => {
    await startFlows(flow());
    receive('send', { to: TO, payload: { text: 'Hello', correlation: { order: 7 } } });
    assert.deepEqual((await next('accepted')).payload.correlation, { order: 7 });
  });

  it('has no correlation in the result when the flow gave none', async () => {
    await startFlows(flow());
    receive('send', { to: TO, payload: 'Hello' });
    assert.equal('correlation' in (await next('accepted')).payload, false);
  });

  it('gives a second SMS with the same dedupe key the result of the first', async () => {
    await startFlows(flow());
    receive('send', { to: TO, payload: { text: 'Hello', dedupeKey: 'k' }, number: 1 });
    const first = await next('accepted');
    receive('send', { to: TO, payload: { text: 'Hello', dedupeKey: 'k' }, number: 2 });
    const second = await next('accepted');
    assert.equal(second.payload.id, first.payload.id);
    assert.equal(second.number, 2);
  });

  it('gives each of them a result of its own', async () => {
    await startFlows(flow());
    receive('send', { to: TO, payload: { text: 'Hello', dedupeKey: 'k' } });
    const first = (await next('accepted')).payload.messageIds as string[];
    const [messageId] = first.splice(0);
    receive('send', { to: TO, payload: { text: 'Hello', dedupeKey: 'k' } });
    assert.deepEqual((await next('accepted')).payload.messageIds, [messageId]);
  });

  describe('cancelling by the _msgid', () => {
    const inAnHour = (): number => Date.now() + 3_600_000;
    const messages: [name: string, properties: Record<string, unknown>, payload: () => unknown][] = [
      ['one with a dedupe key', {}, () => ({ text: 'Hello', dedupeKey: 'k', sendAt: inAnHour() })],
      ['an array', {}, () => [{ text: 'Hello', sendAt: inAnHour() }]],
      [
        'one whose text is an expression',
        { text: '"Hello"', textType: 'jsonata' },
        () => ({ sendAt: inAnHour() }),
      ],
    ];
    for (const [name, properties, payload] of messages) {
      it(`cancels what came just before: ${name}`, async () => {
        await startFlows([TAB, connection({ storage: 'disk' }), send(properties), ...ENDS]);
        receive('send', { _msgid: 'm1', to: TO, payload: payload() });
        receive('send', { action: 'cancel', id: 'm1' });
        assert.equal((await next('accepted')).cancelled, true);
        assert.equal((await next('other')).payload.outcome, 'cancelled');
      });
    }
  });

  describe('its settings', () => {
    const texts: [name: string, properties: Record<string, unknown>, msg: Record<string, unknown>][] = [
      ['text', { text: 'Hello', textType: 'str' }, {}],
      ['a property of the msg', { text: 'sms.text', textType: 'msg' }, { sms: { text: 'Hello' } }],
      ['an environment variable', { text: 'SMPP_TEST_TEXT', textType: 'env' }, {}],
      ['a JSONata expression', { text: '"Hel" & "lo"', textType: 'jsonata' }, {}],
    ];
    for (const [name, properties, msg] of texts) {
      it(`take ${name}`, async () => {
        process.env.SMPP_TEST_TEXT = 'Hello';
        await startFlows(flow({ ...properties, encoding: 'ucs2' }));
        receive('send', { to: TO, ...msg });
        const { payload } = await next('accepted');
        assert.equal(payload.encoding, 'ucs2');
        assert.equal(payload.segments, 1);
      });
    }

    for (const scope of ['flow', 'global'] as const) {
      it(`take a value of the ${scope} context`, async () => {
        await startFlows(flow({ to: 'recipient', toType: scope }));
        nodeOf('send').context()[scope].set('recipient', '4587654321');
        receive('send', { payload: 'Hello' });
        assert.equal((await next('accepted')).payload.to, '4587654321');
      });
    }

    it('are overridden by the properties of an object', async () => {
      await startFlows(flow({ encoding: 'gsm7' }));
      receive('send', { to: TO, payload: { to: '4587654321', from: '1245', text: 'Hi', encoding: 'ucs2' } });
      const { payload } = await next('accepted');
      assert.deepEqual([payload.to, payload.from, payload.encoding], ['4587654321', '1245', 'ucs2']);
    });

    it('are not overridden by inherited properties', async () => {
      await startFlows(flow());
      const payload: unknown = Object.assign(Object.create({ to: '4587654321' }) as object, {
        text: 'Hello',
      });
      receive('send', { to: TO, payload });
      assert.equal((await next('accepted')).payload.to, TO);
    });
  });

  describe('a msg that is no SMS', () => {
    const bad: [name: string, msg: Record<string, unknown>, field: string][] = [
      ['has no recipient', { payload: 'Hello' }, 'to'],
      ['has a word as its recipient', { to: 'mother', payload: 'Hello' }, 'to'],
      ['has a short number', { to: '+4512', payload: 'Hello' }, 'to'],
      ['has no text', { to: TO }, 'text'],
      ['has an object as its text', { to: TO, payload: { temperature: 21 } }, 'text'],
      ['has octets that are no text', { to: TO, payload: Buffer.from([0xff, 0xfe]) }, 'text'],
      ['has a sender that is too long', { to: TO, payload: { text: 'Hi', from: 'Twelve chars' } }, 'from'],
      ['has a sender of another alphabet', { to: TO, payload: { text: 'Hi', from: 'Ærø' } }, 'from'],
      ['has an unknown encoding', { to: TO, payload: { text: 'Hi', encoding: 'utf8' } }, 'encoding'],
      ['has an unknown priority', { to: TO, payload: { text: 'Hi', priority: 1 } }, 'priority'],
      ['has a time that is none', { to: TO, payload: { text: 'Hi', sendAt: 'tomorrow' } }, 'sendAt'],
      ['has too many segments', { to: TO, payload: { text: 'x'.repeat(400), maxSegments: 2 } }, 'text'],
      ['has an empty list of recipients', { to: [], payload: 'Hi' }, 'to'],
      ['has an empty array', { to: TO, payload: [] }, 'to'],
      ['has a text in its array', { to: TO, payload: ['Hi'] }, 'payload'],
      ['has an unknown action', { to: TO, payload: 'Hi', action: 'conect' }, 'action'],
    ];
    for (const [name, msg, field] of bad) {
      it(`${name}: a Catch node gets SMPP_MESSAGE with the field`, async () => {
        await startFlows(flow());
        receive('send', msg);
        const { error } = await next('caught');
        const { code, message } = error as { code: string; message: string };
        assert.equal(code, 'SMPP_MESSAGE');
        assert.match(message, new RegExp(`\\b${field}\\b`));
      });
    }

    it('has a property that cannot be read: the error is logged, for no Catch node can have a copy', async () => {
      await startFlows(flow());
      const payload = {
        text: 'Hello',
        get to(): string {
          throw new Error('a getter');
        },
      };
      const logged = once(nodeOf('send'), 'call:error');
      receive('send', { payload });
      const [call] = (await logged) as [{ args: [string] }];
      assert.match(call.args[0], /^to: reading it/);
    });

    it('is emitted on neither output', async () => {
      await startFlows(flow());
      receive('send', { to: 'mother', payload: 'Hello' });
      await next('caught');
      assert.equal(waitingAt('accepted') + waitingAt('other'), 0);
    });

    it('is named without its text and with its number masked', async () => {
      await startFlows(flow());
      receive('send', { to: '45123456789012345678', payload: 'the secret' });
      const { message } = (await next('caught')).error as { message: string };
      assert.doesNotMatch(message, /secret|123456789/);
    });
  });

  describe('an array', () => {
    it('of recipients gives one msg each, with parts', async () => {
      await startFlows(flow());
      receive('send', { to: [TO, '4587654321', REFUSED], payload: 'Hello', topic: 'all' });
      const outputs = [await next('accepted'), await next('accepted'), await next('other')];
      const parts = outputs.map(
        (msg) => msg.parts as { index: number; count: number; id: string; type: string },
      );
      assert.deepEqual(new Set(parts.map(({ index }) => index)), new Set([0, 1, 2]));
      assert.equal(new Set(parts.map(({ id }) => id)).size, 1);
      assert.ok(parts.every(({ count, type }) => count === 3 && type === 'array'));
      assert.ok(outputs.every(({ topic }) => topic === 'all'));
    });

    it('of objects is collected by a Join node, in its order', async () => {
      const join = { id: 'join', ...ON_TAB, type: 'join', mode: 'auto', wires: [['joined']] };
      await startFlows(flow({ wires: [['join'], ['join']] }, join, sink('joined')));
      const numbers = [TO, REFUSED, '4587654321'];
      receive('send', { payload: numbers.map((to) => ({ to, text: 'Hello' })) });
      const results = (await next('joined')).payload as unknown as { to: string }[];
      assert.deepEqual(
        results.map(({ to }) => to),
        numbers,
      );
    });

    it('keeps the sequence that the msg was part of', async () => {
      await startFlows(flow());
      const outer = { id: 'outer', index: 0, count: 2, type: 'array' };
      receive('send', { to: [TO, TO], payload: 'Hello', parts: outer });
      assert.deepEqual(((await next('accepted')).parts as { parts: unknown }).parts, outer);
    });

    it('with one bad entry sends nothing, and the error names its index', async () => {
      await startFlows(flow());
      receive('send', { to: [TO, TO, 'mother', TO], payload: 'Hello' });
      const { message, code } = (await next('caught')).error as { message: string; code: string };
      assert.equal(code, 'SMPP_MESSAGE');
      assert.match(message, /SMS 2 of the array/);
      receive('send', { action: 'status' });
      const { counters } = (await next('accepted')).payload as { counters: { queued: number } };
      assert.equal(counters.queued, 0);
    });
  });

  describe('an action', () => {
    it('gives the status on the first output, and the rest of the msg', async () => {
      await startFlows(flow());
      receive('send', { action: 'status', topic: 'ask' });
      const { payload, topic } = await next('accepted');
      assert.ok(Array.isArray(payload.links));
      assert.equal(topic, 'ask');
    });

    it('disconnects: what is sent then is refused, not queued', async () => {
      await startFlows(flow());
      receive('send', { action: 'disconnect' });
      assert.equal((await next('accepted')).payload.state, 'stopped');
      receive('send', { to: TO, payload: 'Hello' });
      assert.equal(((await next('caught')).error as { code: string }).code, 'SMPP_STOPPED');
    });

    it('connects again', async () => {
      await startFlows(flow());
      receive('send', { action: 'disconnect' });
      await next('accepted');
      receive('send', { action: 'connect' });
      assert.notEqual((await next('accepted')).payload.state, 'stopped');
      receive('send', { to: TO, payload: 'Hello' });
      assert.equal((await next('accepted')).payload.outcome, 'accepted');
    });

    it('cancels an SMS that waits: its result comes on the second output', async () => {
      await startFlows(flow());
      const sendAt = Date.now() + 3_600_000;
      receive('send', { _msgid: 'later', to: TO, payload: { text: 'Later', sendAt } });
      receive('send', { action: 'status' });
      await next('accepted');
      receive('send', { action: 'cancel', id: 'later' });
      const outputs = await Promise.all([next('other'), next('accepted')]);
      assert.deepEqual(
        outputs.map(({ payload, cancelled }) => payload.outcome ?? cancelled),
        ['cancelled', true],
      );
    });

    it('cancels an SMS that came just before', async () => {
      await startFlows(flow());
      receive('send', { action: 'connect' });
      await next('accepted');
      const sendAt = Date.now() + 3_600_000;
      receive('send', { _msgid: 'later', to: TO, payload: { text: 'Later', sendAt } });
      receive('send', { action: 'cancel', id: 'later' });
      const outputs = await Promise.all([next('other'), next('accepted')]);
      assert.deepEqual(
        outputs.map(({ payload, cancelled }) => payload.outcome ?? cancelled),
        ['cancelled', true],
      );
    });

    it('cancels nothing that it does not know', async () => {
      await startFlows(flow());
      receive('send', { action: 'cancel', id: 'no such SMS' });
      assert.equal((await next('accepted')).cancelled, false);
    });

    it('to cancel without an id is an error', async () => {
      await startFlows(flow());
      receive('send', { action: 'cancel' });
      assert.match(((await next('caught')).error as { message: string }).message, /\bid: /);
    });
  });

  it('without a connection reports SMPP_OPTIONS for each msg', async () => {
    await startFlows([TAB, send({ connection: '' }), ...ENDS, ...CATCH]);
    receive('send', { to: TO, payload: 'Hello' });
    const { code, message } = (await next('caught')).error as { code: string; message: string };
    assert.equal(code, 'SMPP_OPTIONS');
    assert.match(message, /label\.connection: /);
  });
});
