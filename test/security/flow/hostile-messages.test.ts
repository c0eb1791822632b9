/** Hostile messages on the real smpp-send, in Node-RED's runtime, over TLS to the simulated gateway. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import helper from 'node-red-node-test-helper';
import type { SmppError } from '../../../lib/errors.js';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import { CATCH, connection, ENDS, send, TAB } from '../../nodes/flow.js';
import { nodeOf, receive, startFlows, stopFlows } from '../../support/node-red-flows.js';
import { HOSTILE_MESSAGES, ODD_MESSAGES, TO } from './hostile-messages.js';

interface Outcome {
  readonly errors: { readonly code: string | undefined; readonly message: string }[];
  readonly accepted: unknown[];
  readonly other: unknown[];
}

/** Beyond what a sentence of ours needs, an error quotes its input. */
const MESSAGE_MAX = 300;

describe('smpp-send', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let outcome: Outcome = fresh();
  let wake: () => void = () => undefined;
  const before_ = propertiesOfPrototypes();

  before(async () => {
    simulator = await startSimulator({ receiptDelayMs: 0 });
    helper.init(createRequire(__filename).resolve('node-red'));
    await helper.startServer();
    const hosts = simulator.hosts.map(({ host, port }) => `${host}:${port}`).join('\n');
    const flow = [
      TAB,
      { id: 'tls', type: 'tls-config', name: '', cert: '', key: '', ca: '', verifyservercert: true },
      connection({ gateway: 'custom', hosts, tls: 'tls' }),
      send(),
      ...ENDS,
      ...CATCH,
    ];
    const credentials = {
      connection: { systemId: 'demo', password: 'secret' },
      tls: { cadata: simulator.ca },
    };
    await startFlows(flow, credentials);
    watch();
  });

  after(async () => {
    await stopFlows();
    await helper.stopServer();
    await simulator.stop();
  });

  beforeEach(() => {
    outcome = fresh();
  });

  function watch(): void {
    nodeOf('caught').on('input', (msg) =>
      came(outcome.errors, (msg as unknown as { error: SmppError }).error),
    );
    nodeOf('accepted').on('input', (msg) => came(outcome.accepted, (msg.payload as { to: unknown }).to));
    nodeOf('other').on('input', (msg) => came(outcome.other, msg.payload));
    // An error without a msg is one whose msg no Catch node could have a copy of: it is logged.
    nodeOf('send').on('call:error' as 'input', (call: unknown) => {
      const [message, msg] = (call as { args: unknown[] }).args;
      if (msg === undefined) came(outcome.errors, { code: undefined, message: String(message) });
    });
  }

  function came<T>(list: T[], item: T): void {
    list.push(item);
    wake();
  }

  /** What a message leads to, with all that comes within some turns after the first. */
  async function outcomeOf(msg: Record<string, unknown>): Promise<Outcome> {
    const woken = new Promise<void>((resolve) => (wake = resolve));
    receive('send', msg);
    await woken;
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return outcome;
  }

  for (const { name, make, field } of HOSTILE_MESSAGES) {
    it(`answers ${name} with one clean error`, async () => {
      const { errors, accepted, other } = await outcomeOf(make());
      assert.deepEqual([errors.length, accepted, other], [1, [], []]);
      const { code, message } = errors[0]!;
      assert.ok(code === 'SMPP_MESSAGE' || code === undefined, code);
      // The test has no catalogue, so Node-RED gives a label's key.
      assert.match(
        message,
        new RegExp(`^(SmppError: )?(SMS \\d+ of the array: )?(smpp-send\\.label\\.)?${field}`),
      );
      assert.match(message, new RegExp(`^[\\x20-\\x7e]{1,${MESSAGE_MAX}}$`));
    });
  }

  for (const { name, make, to } of ODD_MESSAGES) {
    it(`sends ${name} to that number alone`, async () => {
      const { errors, accepted, other } = await outcomeOf(make());
      assert.deepEqual([errors, accepted, other], [[], [to], []]);
    });
  }

  it('has sent nothing to anybody else', () => {
    assert.deepEqual(new Set(simulator.accepted.map((sms) => sms.to)), new Set([TO]));
    assert.equal(simulator.accepted.length, ODD_MESSAGES.length);
  });

  it('has left every prototype as it was', () => {
    assert.deepEqual(propertiesOfPrototypes(), before_);
  });

  it('has been tried with at least 150', () => {
    assert.ok(HOSTILE_MESSAGES.length >= 150, String(HOSTILE_MESSAGES.length));
  });
});

function fresh(): Outcome {
  return { errors: [], accepted: [], other: [] };
}

function propertiesOfPrototypes(): string[][] {
  return [Object, Array, Function, String, Map, Error].map(({ prototype }) =>
    Reflect.ownKeys(prototype as object).map(String),
  );
}
