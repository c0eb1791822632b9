/** What becomes of msgs that a deploy or a stop meets in a smpp-send node, at whatever stage. */
import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import { systemFiles } from '../../../lib/storage/journal/file-system.js';
import {
  deploy,
  next,
  nodeOf,
  receive,
  startFlows,
  stopFlows,
  useNodeRed,
  waitingAt,
  type FlowNode,
  type Message,
} from '../../support/node-red-flows.js';
import type { Account } from '../../../nodes/inmobile-connection/account.js';
import { CATCH, connection, connectionTo, dlr, ENDS, ON_TAB, send, sink, TAB } from '../flow.js';

const TO = '4512345678';
const COMPLETE: readonly FlowNode[] = [
  { id: 'complete', ...ON_TAB, type: 'complete', scope: ['send'], wires: [['completed']] },
  sink('completed'),
];

interface Changes {
  readonly connection?: object;
  /** None: the node is deleted. */
  readonly send?: object | 'none';
}

function flow({ connection: changed, send: sender }: Changes = {}): FlowNode[] {
  return [
    TAB,
    connection({ storage: 'disk', ...changed }),
    ...(sender === 'none' ? [] : [send({ ...sender })]),
    ...ENDS,
    ...CATCH,
    ...COMPLETE,
  ];
}

type DeployType = Parameters<typeof deploy>[1];

const DEPLOYS: readonly [name: string, type: DeployType, changes: Changes][] = [
  ['of everything as it is', 'full', {}],
  ['of the node', 'nodes', { send: { name: 'renamed' } }],
  ['of another window of the connection', 'nodes', { connection: { window: 7 } }],
  ['of everything, with another window', 'full', { connection: { window: 7 } }],
];

describe('smpp-send, deployed and stopped', () => {
  useNodeRed();
  const { makeDirectory } = systemFiles;
  let release = (): void => undefined;

  /** No store is opened until `release`. */
  function holdStores(): void {
    const held = new Promise<void>((resolve) => (release = resolve));
    systemFiles.makeDirectory = async (...given: Parameters<typeof makeDirectory>) => {
      await held;
      await makeDirectory(...given);
    };
  }
  afterEach(() => {
    release();
    systemFiles.makeDirectory = makeDirectory;
  });

  const queueOf = (): number =>
    (nodeOf('connection') as unknown as { connection: Account }).connection.status().queue.normal;

  /** What the node says is an error from now on, also after its end. */
  function errorsOf(id: string): string[] {
    const errors: string[] = [];
    nodeOf(id).error = (error: unknown) => void errors.push(String(error));
    return errors;
  }

  const messageIds = (errors: readonly string[]): (string | undefined)[] =>
    errors.map((line) => /\(SMPP_STOPPED, msg (.*)\)$/.exec(line)?.[1]).sort();

  function codeOf({ error }: Message): string {
    return (error as { code: string }).code;
  }

  function someNumbers(count: number): string[] {
    return Array.from({ length: count }, (_, index) => `45${12_000_000 + index * 100}`);
  }

  describe('while the store is being opened', () => {
    for (const [name, type, changes] of DEPLOYS) {
      it(`sends after a deploy what it had, once: ${name}`, async () => {
        holdStores();
        await startFlows(flow());
        for (const topic of ['one', 'two']) receive('send', { to: TO, payload: 'Hello', topic });
        receive('send', { to: [TO, TO], payload: 'Hello', topic: 'both' });
        await deploy(flow(changes), type);
        release();
        const topics = [];
        for (let count = 0; count < 4; count += 1) {
          const { payload, topic } = await next('accepted');
          assert.equal(payload.recovered, false);
          topics.push(topic);
        }
        assert.deepEqual(topics.sort(), ['both', 'both', 'one', 'two']);
        assert.deepEqual([waitingAt('accepted'), waitingAt('other'), waitingAt('caught')], [0, 0, 0]);
      });
    }

    it('has a Catch node hear of what it had, when it is deleted alone', async () => {
      holdStores();
      await startFlows(flow());
      for (let count = 0; count < 2; count += 1) receive('send', { to: TO, payload: 'Hello' });
      await deploy(flow({ send: 'none' }), 'nodes');
      assert.equal(codeOf(await next('caught')), 'SMPP_STOPPED');
      assert.equal(codeOf(await next('caught')), 'SMPP_STOPPED');
    });

    for (const [name, changes] of [
      ['deleted', { send: 'none' }],
      ['disabled', { send: { d: true } }],
    ] as const) {
      it(`logs what it had, when it is ${name} with a deploy of everything`, async () => {
        holdStores();
        await startFlows(flow());
        for (let count = 0; count < 2; count += 1)
          receive('send', { _msgid: `m${count}`, to: TO, payload: 'Hello' });
        const errors = errorsOf('send');
        await deploy(flow(changes), 'full');
        assert.deepEqual(messageIds(errors), ['m0', 'm1']);
      });
    }

    it('logs what it had when the flows stop, and sends nothing of it', async () => {
      holdStores();
      await startFlows(flow());
      receive('send', { _msgid: 'm0', to: TO, payload: 'Hello' });
      receive('send', { _msgid: 'm1', to: [TO, TO], payload: 'Hello' });
      receive('send', { _msgid: 'm2', action: 'cancel', id: 'm0' });
      const errors = errorsOf('send');
      await stopFlows();
      assert.deepEqual(messageIds(errors), ['m0', 'm1', 'm2']);
    });
  });

  it('takes in what is on its way to it as it closes', async () => {
    await startFlows(flow());
    const node = nodeOf('send');
    setImmediate(() => node.receive({ to: TO, payload: 'Hello', topic: 'late' }));
    await deploy(flow({ send: { name: 'renamed' } }), 'nodes');
    assert.equal((await next('accepted')).topic, 'late');
  });

  it('tells of a bad msg that comes before the flows run once they do', async () => {
    const early = {
      id: 'early',
      ...ON_TAB,
      type: 'inject',
      once: true,
      onceDelay: 0,
      repeat: '',
      props: [],
      wires: [['send']],
    };
    await startFlows(flow());
    await deploy([...flow({ send: { name: 'renamed' } }), early], 'full');
    assert.equal(codeOf(await next('caught')), 'SMPP_MESSAGE');
  });

  describe('what it has handed over', () => {
    let simulator: Simulator;

    beforeEach(async () => {
      simulator = await startSimulator();
    });
    afterEach(() => simulator.stop());

    for (const [name, type, changes] of DEPLOYS) {
      it(`comes out of its successor in the very msg, and a Complete node hears of it: ${name}`, async () => {
        const to = (properties?: object): { nodes: FlowNode[]; credentials: object } => {
          return connectionTo(simulator, { storage: 'disk', ...properties });
        };
        await simulator.kill('all');
        await startFlows([...to().nodes, ...flow().slice(2), TAB], to().credentials);
        const answer = (): string => 'the response of an HTTP request';
        receive('send', { to: TO, payload: 'Hello', res: answer });
        while (queueOf() === 0) await new Promise((resolve) => setImmediate(resolve));
        const deployed = [...to(changes.connection).nodes, ...flow(changes).slice(2), TAB];
        await deploy(deployed, type, to().credentials);
        await simulator.revive('all');
        const { payload, res } = await next('accepted');
        assert.deepEqual([payload.outcome, payload.recovered, res], ['accepted', true, answer]);
        assert.equal((await next('completed')).payload.outcome, 'accepted');
      });
    }

    it('is logged as lost when the flows stop and it was in memory', async () => {
      await startFlows(flow({ connection: { storage: 'memory' } }));
      receive('send', { _msgid: 'm0', to: TO, payload: { text: 'Hello', sendAt: Date.now() + 3_600_000 } });
      while (queueOf() === 0) await new Promise((resolve) => setImmediate(resolve));
      const errors = errorsOf('send');
      await stopFlows();
      assert.match(errors.join(), /may have been sent or not.*\(SMPP_STOPPED, msg m0\)/);
    });

    const later = (): object => ({ text: 'Hello', sendAt: Date.now() + 3_600_000 });
    const second = (storage: string): FlowNode => connection({ id: 'second', storage });
    const moved: readonly [name: string, from: string, to: string, deployed: (to: string) => FlowNode[]][] = [
      ...(['disk', 'memory'] as const).flatMap((from) => {
        const to = from === 'disk' ? 'memory' : 'disk';
        return [
          [
            'the node uses another connection',
            from,
            to,
            (other: string) => [
              ...flow({ connection: { storage: from }, send: { connection: 'second' } }),
              second(other),
            ],
          ],
          [
            'the connection was edited',
            from,
            to,
            (other: string) => [...flow({ connection: { storage: other } }), second(other)],
          ],
        ] as [string, string, string, (to: string) => FlowNode[]][];
      }),
    ];
    for (const [name, from, to, deployed] of moved) {
      const isLost = (name.startsWith('the node') ? from : to) === 'memory';
      it(`is logged as lost ${isLost ? '' : 'by nobody '}when the flows stop: taken in with storage ${from}, and ${name} with storage ${to} since`, async () => {
        await startFlows([...flow({ connection: { storage: from } }), second(to)]);
        receive('send', { _msgid: 'm0', to: TO, payload: later() });
        receive('send', { _msgid: 'm1', to: [TO, TO], payload: later() });
        while (queueOf() < 3) await new Promise((resolve) => setImmediate(resolve));
        await deploy(deployed(to), 'nodes');
        await (nodeOf('connection') as unknown as { connection: Account }).connection.gateway();
        const errors = errorsOf('send');
        await stopFlows();
        assert.deepEqual(messageIds(errors), isLost ? ['m0', 'm1'] : []);
      });
    }

    it('is logged by nobody when the flows stop and it is on disk', async () => {
      await startFlows(flow());
      receive('send', { to: TO, payload: { text: 'Hello', sendAt: Date.now() + 3_600_000 } });
      while (queueOf() === 0) await new Promise((resolve) => setImmediate(resolve));
      const errors = errorsOf('send');
      await stopFlows();
      assert.deepEqual(errors, []);
    });
  });

  describe('a large array', () => {
    const COUNT = 600;

    /** Turns of the event loop after which it comes: while it is read, made ready, checked and stored. */
    for (const turns of [0, 3, 9, 30]) {
      for (const [name, type, changes] of DEPLOYS.slice(2)) {
        it(`is taken in as a whole although a deploy comes ${turns} turns later: ${name}`, async () => {
          await startFlows(flow());
          receive('send', { to: someNumbers(COUNT), payload: 'Hello' });
          for (let count = 0; count < turns; count += 1)
            await new Promise((resolve) => setImmediate(resolve));
          await deploy(flow(changes), type);
          const indexes = new Set<number>();
          while (indexes.size < COUNT) {
            const { parts } = await Promise.race([next('accepted'), next('other')]);
            indexes.add((parts as { index: number }).index);
          }
          assert.equal(waitingAt('caught'), 0);
        });
      }

      it(`is taken in as a whole, or not at all and logged once, when the flows stop ${turns} turns later`, async () => {
        await startFlows(flow());
        receive('send', {
          _msgid: 'm0',
          to: someNumbers(COUNT),
          payload: { text: 'Hello', sendAt: Date.now() + 3_600_000 },
        });
        for (let count = 0; count < turns; count += 1) await new Promise((resolve) => setImmediate(resolve));
        const { connection: account } = nodeOf('connection') as unknown as { connection: Account };
        const errors = errorsOf('send');
        await stopFlows();
        const taken = account.status().queue.normal;
        assert.deepEqual([taken, errors.length].join(), errors.length === 0 ? `${COUNT},0` : '0,1');
      });
    }
  });

  describe('cancels by the _msgid', () => {
    const later = (): object => ({ text: 'Hello', sendAt: Date.now() + 3_600_000 });
    const messages: [name: string, msg: () => Record<string, unknown>][] = [
      ['one SMS', () => ({ to: TO, payload: later() })],
      ['an array', () => ({ to: [TO, TO], payload: later() })],
    ];
    for (const [name, msg] of messages) {
      async function given(): Promise<void> {
        await startFlows(flow());
        receive('send', { _msgid: 'm1', ...msg() });
        while (queueOf() === 0) await new Promise((resolve) => setImmediate(resolve));
      }

      async function cancels(): Promise<void> {
        receive('send', { action: 'cancel', id: 'm1' });
        assert.equal((await next('accepted')).cancelled, true);
        assert.equal((await next('other')).payload.outcome, 'cancelled');
        while (queueOf() > 0) await new Promise((resolve) => setImmediate(resolve));
      }

      for (const [deployed, type, changes] of DEPLOYS) {
        it(`after a deploy ${deployed}: ${name}`, async () => {
          await given();
          await deploy(flow(changes), type);
          await cancels();
        });
      }

      it(`after a restart: ${name}`, async () => {
        await given();
        await stopFlows();
        await startFlows(flow());
        await cancels();
      });

      it(`after a restart, disconnected: ${name}`, async () => {
        await given();
        await stopFlows();
        await startFlows(flow());
        receive('send', { action: 'disconnect' });
        assert.equal((await next('accepted')).payload.state, 'stopped');
        await cancels();
      });

      for (const isRestarted of [false, true]) {
        it(`of a node that was moved to another connection${isRestarted ? ' before a restart' : ''}: ${name}`, async () => {
          await given();
          const moved = [...flow({ send: { connection: 'second' } }), connection({ id: 'second' })];
          await deploy(moved, 'nodes');
          if (isRestarted) {
            await stopFlows();
            await startFlows(moved);
          }
          await cancels();
        });
      }
    }

    for (const removed of [{ send: 'none' }, { send: { d: true } }] as const) {
      const how = removed.send === 'none' ? 'deleted' : 'disabled';
      async function gone(): Promise<FlowNode[]> {
        const others = [dlr(), send({ id: 'second' })];
        await startFlows([...flow(), ...others]);
        receive('send', { _msgid: 'm1', to: TO, payload: later() });
        while (queueOf() === 0) await new Promise((resolve) => setImmediate(resolve));
        await deploy([...flow(removed), ...others], 'nodes');
        return others;
      }

      it(`of a node that was ${how} and is back`, async () => {
        await deploy([...flow(), ...(await gone())], 'nodes');
        receive('send', { action: 'cancel', id: 'm1' });
        assert.equal((await next('accepted')).cancelled, true);
        assert.equal((await next('other')).payload.outcome, 'cancelled');
      });

      it(`of a node that was ${how}, by another one`, async () => {
        await gone();
        receive('second', { action: 'cancel', id: 'm1' });
        assert.equal((await next('accepted')).cancelled, true);
        receive('second', { action: 'cancel', id: 'm1' });
        assert.equal((await next('accepted')).cancelled, false);
      });
    }

    it('what another node was given', async () => {
      await startFlows([...flow(), send({ id: 'second' })]);
      receive('send', { _msgid: 'm1', to: TO, payload: later() });
      receive('second', { action: 'cancel', id: 'm1' });
      assert.equal((await next('accepted')).cancelled, true);
      assert.equal((await next('other')).payload.outcome, 'cancelled');
    });

    it('also when it is asked for with a msg of that id', async () => {
      await startFlows(flow());
      receive('send', { _msgid: 'm1', to: TO, payload: later() });
      receive('send', { _msgid: 'm1', action: 'cancel', id: 'm1' });
      assert.equal((await next('accepted')).cancelled, true);
    });
  });
});
