/** Programs without types hand anything to the library's functions: each is told what is wrong. */
import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';

import {
  checkSms,
  createGateway,
  diagnose,
  SmppError,
  type Gateway,
  type GatewayOptions,
} from '../../lib/gateway.js';
import { FakeClock } from '../support/fake-clock.js';

const SMS = { to: '4512345678', from: 'Alarm', text: 'Pump 3 stopped' };
const OPTIONS: GatewayOptions = {
  systemId: 'demo',
  password: 'secret',
  clock: new FakeClock(),
  connect: () => new Promise<Duplex>(() => undefined),
};
const nothing = (): void => undefined;

/** Of the wrong type for every argument. */
const WRONG: readonly unknown[] = [null, 7, NaN, 'x', true, Symbol('x'), 10n, [], Object.create(null)];

type Call = (gateway: Gateway, given: never) => unknown;

interface Row {
  readonly call: Call;
  readonly code: 'SMPP_OPTIONS' | 'SMPP_MESSAGE';
  readonly field: string;
  readonly given: readonly unknown[];
}

const but = (...allowed: readonly string[]): readonly unknown[] =>
  WRONG.filter((value) => !allowed.includes(Array.isArray(value) ? 'array' : typeof value) || value === null);

const row = (field: string, given: readonly unknown[], call: Call): Row => ({
  call,
  code: 'SMPP_OPTIONS',
  field,
  given,
});
const sms = (call: Call): Row => ({
  call,
  code: 'SMPP_MESSAGE',
  field: 'sms',
  given: but('object', 'array'),
});

const FUNCTIONS: Readonly<Record<string, Row>> = {
  createGateway: row('options', but('object', 'array'), (_, given) => createGateway(given)),
  'diagnose(options)': row('options', but('object', 'array'), (_, given) => diagnose(given)),
  'diagnose(…, plan)': row('plan', but('object', 'array'), (_, given) => diagnose(OPTIONS, given)),
  'diagnose(…, { modes })': row('plan.modes', WRONG, (_, modes) => diagnose(OPTIONS, { modes })),
  'diagnose(…, { refusesAddress })': row('plan.refusesAddress', WRONG, (_, refusesAddress) =>
    diagnose(OPTIONS, { refusesAddress }),
  ),
  'diagnose(…, { onlyFirstHost })': row('plan.onlyFirstHost', but('boolean'), (_, onlyFirstHost) =>
    diagnose(OPTIONS, { onlyFirstHost }),
  ),
  'diagnose(…, { keepsBindMs })': row('plan.keepsBindMs', [...but('number'), NaN, -1], (_, keepsBindMs) =>
    diagnose(OPTIONS, { keepsBindMs }),
  ),
  'diagnose({ connect })': row('connect', WRONG, (_, connect) => diagnose({ ...OPTIONS, connect })),
  'checkSms(sms)': sms((_, given) => checkSms(given)),
  'checkSms(…, options)': row('options', but('object', 'array'), (_, given) => checkSms(SMS, given)),
  'checkSms(…, { sender })': row('sender', but('string'), (_, sender) => checkSms(SMS, { sender })),
  'checkSms(…, { defaultCountry })': row('defaultCountry', WRONG, (_, defaultCountry) =>
    checkSms(SMS, { defaultCountry }),
  ),
  send: sms((gateway, given) => gateway.send(given)),
  enqueue: sms((gateway, given) => gateway.enqueue(given)),
  sendAll: {
    call: (gateway, given) => gateway.sendAll(given)[Symbol.asyncIterator]().next(),
    code: 'SMPP_MESSAGE',
    field: 'list',
    given: but('array', 'string'),
  },
  enqueueAll: {
    call: (gateway, given) => gateway.enqueueAll(given),
    code: 'SMPP_MESSAGE',
    field: 'list',
    given: but('array'),
  },
  cancel: row('id', [...but('string'), undefined], (gateway, given) => gateway.cancel(given)),
  queued: row('max', [...but('number'), NaN], (gateway, given) => gateway.queued(given)),
  onStatus: row('listener', [...WRONG, undefined], (gateway, given) => gateway.onStatus(given)),
  onSms: row('listener', [...WRONG, undefined], (gateway, given) => gateway.onSms(given)),
  onSettled: row('listener', [...WRONG, undefined], (gateway, given) => gateway.onSettled(given)),
  onReceipt: row('listener', [...WRONG, undefined], (gateway, given) => gateway.onReceipt(given)),
  'onReceipt(…, options)': row('options', but('object', 'array'), (gateway, given) =>
    gateway.onReceipt(nothing, given),
  ),
  'onReceipt(…, { per })': row('per', WRONG, (gateway, per) => gateway.onReceipt(nothing, { per })),
  'onOverdue(afterMs)': row(
    'afterMs',
    [...but('number'), NaN, undefined, 0, -1, Infinity, 72 * 3_600_000 + 1],
    (gateway, given) => gateway.onOverdue(given, nothing),
  ),
  'onOverdue(…, listener)': row('listener', [...WRONG, undefined], (gateway, given) =>
    gateway.onOverdue(1_000, given),
  ),
};

async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('An argument of the wrong type', () => {
  for (const isRunning of [false, true]) {
    for (const [name, { call, code, field, given }] of Object.entries(FUNCTIONS)) {
      it(`of ${name} is an error that names it, of a gateway that is ${isRunning ? 'started' : 'stopped'}`, async () => {
        const gateway = createGateway(OPTIONS);
        if (isRunning) await gateway.start();
        for (const value of given) {
          const error = await errorOf(() => call(gateway, value as never));
          assert.ok(error instanceof SmppError, `${typeof value}: ${String(error)}`);
          assert.deepEqual([error.code, error.field], [code, field]);
          assert.ok(error.message.startsWith(`${field}: `), error.message);
        }
        await gateway.stop();
      });
    }
  }

  it('adds no listener', async () => {
    const gateway = createGateway(OPTIONS);
    await errorOf(() => gateway.onReceipt(nothing, { per: 'x' as never }));
    await gateway.start();
    await gateway.stop();
  });

  for (const given of [null, undefined, 'socket', {}, { on: nothing }]) {
    it(`is what a connect resolves to that gives ${JSON.stringify(given)}: a gateway says so and goes on`, async () => {
      const connect = (): Promise<Duplex> => Promise.resolve(given as never);
      const gateway = createGateway({ ...OPTIONS, connect });
      await gateway.start();
      const { error } = gateway.status();
      assert.equal(error?.code, 'SMPP_OPTIONS');
      assert.match(error.message, /^connect: must resolve to a Duplex stream/);
      await gateway.stop();
    });

    it(`is what a connect resolves to that gives ${JSON.stringify(given)}: a diagnosis says so`, async () => {
      const connect = (): Promise<Duplex> => Promise.resolve(given as never);
      const [found] = await diagnose({ ...OPTIONS, connect });
      assert.equal(found?.steps.at(-1)?.problem?.code, 'SMPP_OPTIONS');
    });
  }
});
