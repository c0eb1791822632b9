/** The settings of smpp-send: judged at the start, and named as the form does. */
import assert from 'node:assert/strict';
import {
  loggedBy,
  next,
  nodeOf,
  receive,
  shownBelow,
  startFlows,
  useNodeRed,
  type FlowNode,
  type Message,
} from '../../support/node-red-flows.js';
import { CATCH, connection, ENDS, ON_TAB, send, TAB } from '../flow.js';

const TO = '4512345678';
const STR = { toType: 'str', fromType: 'str', textType: 'str' };

function flow(properties: object, ...others: FlowNode[]): FlowNode[] {
  return [TAB, connection(), send(properties as Record<string, unknown>), ...ENDS, ...CATCH, ...others];
}

async function refusalOf(msg: Record<string, unknown>): Promise<{ code: string; message: string }> {
  receive('send', msg);
  const { code, message } = (await next('caught')).error as { code: string; message: string };
  return { code, message: message.replace(/^SmppError: /, '') };
}

describe('The settings of smpp-send that are wrong', () => {
  useNodeRed();
  before(() => (process.env.SMPP_TEST_EMPTY = ''));
  after(() => delete process.env.SMPP_TEST_EMPTY);

  const wrong: [properties: Record<string, unknown>, says: RegExp][] = [
    [{ ...STR, to: 'mother' }, /label\.to: must be one phone number, has letters/],
    [{ ...STR, to: '12 34 56' }, /label\.to: must be a phone number/],
    [{ ...STR, to: `${TO}, 12` }, /label\.to: must be a phone number/],
    [{ ...STR, to: '${SMPP_TEST_NONE}' }, /label\.to: .* SMPP_TEST_NONE has no value/],
    [{ to: 'SMPP_TEST_NONE', toType: 'env' }, /label\.to: .* SMPP_TEST_NONE has no value/],
    [{ to: '45${SMPP_TEST_NONE}', toType: 'env' }, /label\.to: .* SMPP_TEST_NONE has no value/],
    [{ to: '${SMPP_TEST_NONE}', toType: 'msg' }, /label\.to: .* SMPP_TEST_NONE has no value/],
    [{ to: 'payload[', toType: 'msg' }, /label\.to: must be the name of a property/],
    [{ to: 'a b', toType: 'flow' }, /label\.to: must be the name of a property/],
    [{ to: 'payload.(', toType: 'jsonata' }, /label\.to: must be a JSONata expression: S\d+ at place \d+/],
    [{ to: true, toType: 'msg' }, /label\.to: must be a name/],
    [{ ...STR, to: '${SMPP_TEST_EMPTY}' }, /label\.to: .* SMPP_TEST_EMPTY has no value/],
    [{ to: '${SMPP_TEST_EMPTY}', toType: 'msg' }, /label\.to: .* SMPP_TEST_EMPTY has no value/],
    [{ from: '${SMPP_TEST_EMPTY}' }, /label\.from: .* SMPP_TEST_EMPTY has no value/],
    [{ priority: '${SMPP_TEST_EMPTY}' }, /label\.priority: .* SMPP_TEST_EMPTY has no value/],
    [{ from: 'Twelve chars', fromType: 'str' }, /label\.from: must have at most 11 characters/],
    [{ from: '${SMPP_TEST_NONE}' }, /label\.from: .* SMPP_TEST_NONE has no value/],
    [{ from: { name: 'x' } }, /label\.from: must be text, is an object/],
    [
      { ...STR, to: TO, text: 'x'.repeat(400), maxSegments: 2 },
      /label\.text: .* raise .*label\.maxSegments$/,
    ],
    [{ ...STR, to: TO, text: 'Ж', encoding: 'gsm7' }, /label\.\w+: /],
    [{ ...STR, to: TO, text: '${SMPP_TEST_NONE}' }, /label\.text: .* SMPP_TEST_NONE has no value/],
    [{ flash: 'yes' }, /label\.flash: must be true or false/],
    [{ encoding: 'utf8' }, /label\.encoding: must be one of auto, gsm7, ucs2/],
    [{ maxSegments: '0' }, /label\.maxSegments: must be a whole number from 1 to 255/],
    [{ maxSegments: '${SMPP_TEST_NONE}' }, /label\.maxSegments: .* SMPP_TEST_NONE has no value/],
    [{ expiresAfter: '0' }, /label\.expiresAfter: must be a number of minutes above 0, at most 43200/],
    [{ expiresAfter: '99999' }, /label\.expiresAfter: must be a number of minutes/],
    [{ validity: '44641' }, /label\.validity: must be a number of minutes above 0, at most 44640/],
    [{ validity: '0.001' }, /label\.validity: must be/],
    [{ dedupe: 'k', dedupeType: 'date' }, /dedupeType: must be one of/],
    [{ dedupe: 'k'.repeat(257) }, /label\.dedupe: must be text of at most 256/],
    [{ dedupeMinutes: 'long' }, /label\.dedupeMinutes: must be a number of minutes/],
    [{ priority: 'urgent' }, /label\.priority: must be one of alarm, normal, bulk/],
    [{ onUncertain: 'hope' }, /label\.onUncertain: must be one of resend, reconcile, report/],
  ];
  for (const [properties, says] of wrong) {
    it(`are shown at the start, logged, and refuse each msg: ${JSON.stringify(properties).slice(0, 60)}`, async () => {
      await startFlows(flow(properties));
      assert.match(shownBelow('send')?.text ?? '', /status\.simulated$/);
      assert.match(loggedBy('send', 'error').join(), says);
      const { code, message } = await refusalOf({ to: TO, payload: 'Hello' });
      assert.equal(code, 'SMPP_OPTIONS');
      assert.match(message, says);
    });
  }

  it('leave the connection to be controlled', async () => {
    const second = send({ id: 'second', wires: [[], []] });
    await startFlows(flow({ priority: 'urgent' }, second));
    receive('send', { action: 'status' });
    assert.ok(Array.isArray((await next('accepted')).payload.links));
  });

  const blank: [properties: Record<string, unknown>, msg: Record<string, unknown>, says: RegExp][] = [
    [{ ...STR, to: ' ', text: 'Hello' }, {}, /^\S*label\.to: must be .*, is missing$/],
    [{}, { to: ' ', payload: 'Hello' }, /label\.to \(msg\.to\): must be .*, is missing$/],
    [{}, { payload: { to: ' ', text: 'Hello' } }, /label\.to \(msg\.to\): must be .*, is missing$/],
    [
      { to: 'a.b', toType: 'flow' },
      { payload: 'Hello' },
      /label\.to \(flow\.a\.b\): must be .*, is missing$/,
    ],
  ];
  for (const [properties, msg, says] of blank) {
    it(`name To as missing where it is blank: ${JSON.stringify([properties, msg])}`, async () => {
      await startFlows(flow(properties));
      assert.match((await refusalOf(msg)).message, says);
    });
  }

  it('are not looked for while those of the connection are wrong', async () => {
    await startFlows([TAB, connection({ gateway: 'other' }), send({ ...STR, to: '12 34 56 78' }), ...ENDS]);
    assert.deepEqual(loggedBy('send', 'error'), []);
  });
});

describe('The fields of smpp-send', () => {
  useNodeRed();

  async function resultOf(
    properties: object,
    msg: Record<string, unknown>,
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<Message['payload']> {
    const nodes = [connection(settings), send(properties as Record<string, unknown>)];
    await startFlows([TAB, ...nodes, ...ENDS, ...CATCH]);
    receive('send', msg);
    return (await next('accepted')).payload;
  }

  it('take several numbers as text, with commas, semicolons or lines', async () => {
    await startFlows(flow({}));
    receive('send', { to: ` ${TO}, 4512345679;\n4512345680\r\n,`, payload: 'Hello' });
    const outputs = [await next('accepted'), await next('accepted'), await next('accepted')];
    assert.deepEqual(
      outputs.map(({ payload }) => payload.to),
      [TO, '4512345679', '4512345680'],
    );
    assert.ok(outputs.every(({ parts }) => (parts as { count: number }).count === 3));
  });

  it('take a number that ends its line as one', async () => {
    await startFlows(flow({ to: `${TO}\n`, toType: 'str' }));
    receive('send', { payload: 'Hello' });
    const { payload, parts } = await next('accepted');
    assert.deepEqual([payload.to, parts], [TO, undefined]);
  });

  it('take several numbers of a payload, and of an array, with blank cells left out', async () => {
    await startFlows(flow({}));
    receive('send', { payload: { to: [TO, '', ' ', '4512345679;4512345680'], text: 'Hello' } });
    const outputs = [await next('accepted'), await next('accepted'), await next('accepted')];
    assert.ok(outputs.every(({ parts }) => (parts as { count: number }).count === 3));
  });

  it('have the sender of the msg where From is empty', async () => {
    assert.equal((await resultOf({ from: '' }, { to: TO, payload: 'Hi', from: 'Pump 3' })).from, 'Pump 3');
  });

  it('have the sender of the connection where the msg has none', async () => {
    const { from } = await resultOf({ from: '' }, { to: TO, payload: 'Hi' }, { sender: 'Works' });
    assert.equal(from, 'Works');
  });

  for (const from of ['somebody@example.com', 'jo@firm.dk', ' a@b.dk ', 'Jo <j@b.d>']) {
    it(`have it where that of the msg can be none, as of an e-mail: ${from}`, async () => {
      const msg = { to: TO, payload: 'Hi', from };
      assert.equal((await resultOf({ from: '' }, msg, { sender: 'Works' })).from, 'Works');
    });
  }

  it('have it for each SMS of an array', async () => {
    const { from } = await resultOf({ from: '' }, { payload: [{ to: TO, text: 'Hi' }] }, { sender: 'Works' });
    assert.equal(from, 'Works');
  });

  it('have the one of the form before all', async () => {
    const msg = { to: TO, payload: 'Hi', from: 'Pump 3' };
    assert.equal((await resultOf({ from: 'Form' }, msg, { sender: 'Works' })).from, 'Form');
  });

  it('take an empty name of a property for nothing', async () => {
    const msg = { to: TO, payload: 'Hi' };
    assert.equal((await resultOf({ from: '', fromType: 'msg' }, msg, { sender: 'Works' })).from, 'Works');
  });

  const typed: [type: string, value: string, field: string, shows: unknown][] = [
    ['num', '4512345678', 'to', TO],
    ['json', '["4512345678"]', 'to', TO],
    ['num', '1245', 'from', '1245'],
    ['bool', 'true', 'text', 1],
    ['num', '21', 'text', 1],
  ];
  for (const [type, value, field, shows] of typed) {
    it(`take what an environment variable of a subflow has: ${field} as ${type}`, async () => {
      const env = [{ name: 'VALUE', type, value }];
      const out = [{ wires: [{ id: 'send', port: 0 }] }];
      await startFlows([
        TAB,
        connection(),
        { id: 'subflow', type: 'subflow', name: '', in: [], out, env },
        send({ z: 'subflow', [field]: '${VALUE}', [`${field}Type`]: 'str', wires: [[], []] }),
        { id: 'one', ...ON_TAB, type: 'subflow:subflow', wires: [['accepted']] },
        ...ENDS,
      ]);
      receive('one-send', { to: TO, payload: { text: field === 'text' ? undefined : 'Hi' } });
      const { payload } = await next('accepted');
      assert.equal(payload[field === 'text' ? 'segments' : field], shows);
    });
  }

  it('refuse an environment value that can be nothing of the kind', async () => {
    process.env.SMPP_TEST_SENDER = 'Twelve chars';
    await startFlows(flow({ from: 'SMPP_TEST_SENDER', fromType: 'env' }));
    assert.match(loggedBy('send', 'error').join(), /label\.from: must have at most 11/);
  });

  it('limit how long the gateway may try', async () => {
    assert.equal((await resultOf({ validity: '60' }, { to: TO, payload: 'Hi' })).outcome, 'accepted');
  });

  describe('with a key', () => {
    const KEY = { dedupe: 'topic', dedupeType: 'msg', dedupeMinutes: '5' };

    it('send no second SMS with it to the same phone', async () => {
      await startFlows(flow(KEY));
      receive('send', { to: TO, payload: 'Hello', topic: 7 });
      const first = await next('accepted');
      receive('send', { to: '+45 12 34 56 78', payload: 'Hello', topic: '7' });
      const second = await next('accepted');
      assert.deepEqual([second.payload.id, second.payload.repeated], [first.payload.id, true]);
    });

    it('send one to another phone', async () => {
      await startFlows(flow(KEY));
      receive('send', { to: TO, payload: 'Hello', topic: 'pump' });
      await next('accepted');
      receive('send', { to: '4512345679', payload: 'Hello', topic: 'pump' });
      assert.equal('repeated' in (await next('accepted')).payload, false);
    });

    it('send each where the msg has none', async () => {
      await startFlows(flow(KEY));
      for (const topic of [undefined, '', ' ']) {
        receive('send', { to: TO, payload: 'Hello', topic });
        assert.equal('repeated' in (await next('accepted')).payload, false);
      }
    });

    for (const dedupeKey of ['k', 'k'.repeat(256)]) {
      it(`of a payload whose recipients are several send one to each: ${dedupeKey.length} characters`, async () => {
        await startFlows(flow({}));
        const payload = { to: [TO, '4512345679'], text: 'Hello', dedupeKey };
        receive('send', { payload });
        const first = [await next('accepted'), await next('accepted')];
        assert.ok(first.every((msg) => !('repeated' in msg.payload)));
        receive('send', { payload });
        const second = [await next('accepted'), await next('accepted')];
        assert.ok(second.every((msg) => msg.payload.repeated === true));
      });
    }
  });

  describe('name a fault as the form does, and where it takes the value from', () => {
    const faults: [properties: object, msg: Record<string, unknown>, says: RegExp][] = [
      [{}, { payload: 'Hi' }, /^smpp-send\.label\.to \(msg\.to\): must be a phone number/],
      [{}, { to: TO, payload: { to: 'x', text: 'Hi' } }, /^to: must be/],
      [{}, { to: [TO, 'x'], payload: 'Hi' }, /^SMS 1 of the array: smpp-send\.label\.to \(msg\.to\): /],
      [{}, { payload: [{ to: 'x', text: 'Hi' }] }, /^SMS 0 of the array: to: /],
      [{}, { to: TO, payload: '' }, /^smpp-send\.label\.text \(msg\.payload\): must be text, is empty/],
      [{}, { payload: { to: TO, text: ' ' } }, /label\.text \(msg\.payload\): must be text, is missing/],
      [{}, { to: TO, payload: { text: '   ' } }, /label\.text \(msg\.payload\): must be text, is missing/],
      [{}, { payload: [{ to: TO }] }, /label\.text \(msg\.payload\): must be text, is missing/],
      [{}, { to: TO, payload: 'x'.repeat(4000) }, /raise smpp-send\.label\.maxSegments$/],
      [{}, { to: TO, payload: { text: 'x'.repeat(400), maxSegments: '2' } }, /^text: .* raise maxSegments$/],
      [{ from: '' }, { to: TO, payload: 'Hi' }, /label\.from: .* is missing: give it here, in msg\.from or/],
      [
        { from: 'sender', fromType: 'msg' },
        { to: TO, payload: 'Hi', sender: 'Twelve chars' },
        /label\.from \(msg\.sender\): must have at most 11/,
      ],
    ];
    for (const [properties, msg, says] of faults) {
      it(String(says), async () => {
        await startFlows(flow(properties));
        assert.match((await refusalOf(msg)).message, says);
      });
    }
  });

  it('read what a context has', async () => {
    await startFlows(flow({ from: 'sender', fromType: 'flow' }));
    nodeOf('send').context().flow.set('sender', 'Context');
    receive('send', { to: TO, payload: 'Hi' });
    assert.equal((await next('accepted')).payload.from, 'Context');
  });
});

describe('The properties of a payload', () => {
  useNodeRed();

  async function resultOf(payload: object): Promise<Message['payload']> {
    await startFlows(flow({}));
    receive('send', { to: TO, payload });
    return (await next('accepted')).payload;
  }

  it('that are blank count as absent', async () => {
    const blank = { to: '', from: ' ', encoding: '', priority: '', flash: '', sendAt: '', maxSegments: ' ' };
    const { to, from, encoding } = await resultOf({ ...blank, text: 'Hi', validityMs: '', dedupeKey: '' });
    assert.deepEqual([to, from, encoding], [TO, 'Demo', 'gsm7']);
  });

  const words: [payload: object, shows: Record<string, unknown>][] = [
    [{ text: 'true' }, { outcome: 'accepted', segments: 1 }],
    [{ text: 'Pump “3”', substitute: 'false' }, { encoding: 'ucs2' }],
    [{ text: 'Pump “3”', substitute: ' TRUE ' }, { encoding: 'gsm7' }],
    [{ text: 'x'.repeat(200), maxSegments: '2' }, { segments: 2 }],
    [{ text: 'Hi', flash: 'true', validityMs: '60000', expiresAfterMs: '60000' }, { outcome: 'accepted' }],
    [{ text: 'Hi', sendAt: String(Date.now()) }, { outcome: 'accepted' }],
    [{ text: 'Hi', dedupeKey: 7 }, { outcome: 'accepted' }],
    [{ text: 21 }, { outcome: 'accepted' }],
  ];
  for (const [payload, shows] of words) {
    it(`are read as what they say: ${JSON.stringify(payload).slice(0, 60)}`, async () => {
      const result = await resultOf(payload);
      for (const [name, value] of Object.entries(shows)) assert.equal(result[name], value);
    });
  }

  const slips: [payload: unknown, says: RegExp][] = [
    [{ text: 'Hi', prority: 'alarm' }, /^prority: must be written priority/],
    [{ text: 'Hi', Priority: 'alarm' }, /^Priority: must be written priority/],
    [{ Text: 'Hi' }, /^Text: must be written text/],
    [
      [
        { to: TO, text: 'Hi' },
        { to: TO, text: 'Hi', sendat: 1 },
      ],
      /^SMS 1 of the array: sendat: .* sendAt.*nothing/,
    ],
    [{ text: 'Hi', flash: 'ja' }, /^flash: must be true or false/],
  ];
  for (const [payload, says] of slips) {
    it(`that look like a slip are named: ${String(says)}`, async () => {
      await startFlows(flow({}));
      const { code, message } = await refusalOf({ to: TO, payload });
      assert.equal(code, 'SMPP_MESSAGE');
      assert.match(message, says);
    });
  }
});
