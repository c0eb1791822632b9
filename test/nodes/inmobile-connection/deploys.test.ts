/** What a deploy does to an account: its engine belongs to the account, not to the node. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import {
  deploy,
  next,
  nodeOf,
  receive,
  startFlows,
  stopFlows,
  useNodeRed,
  type FlowNode,
} from '../../support/node-red-flows.js';
import { connection, ENDS, ON_TAB, send, sink, TAB } from '../flow.js';

const TO = '4512345678';
const STATUS: readonly FlowNode[] = [
  { id: 'watch', ...ON_TAB, type: 'status', scope: null, wires: [['status']] },
  sink('status'),
];

describe('inmobile-connection, deployed', () => {
  useNodeRed();
  let simulator: Simulator;

  beforeEach(async () => {
    simulator = await startSimulator();
    process.env.SMPP_TEST_HOSTS = simulator.hosts.map(({ host, port }) => `${host}:${port}`).join(',');
  });
  afterEach(() => simulator.stop());

  const flow = (properties: Readonly<Record<string, unknown>>, ...nodes: FlowNode[]): FlowNode[] => [
    TAB,
    { id: 'tls', type: 'tls-config', name: '', cert: '', key: '', ca: '', verifyservercert: true },
    connection({
      gateway: 'custom',
      hosts: '${SMPP_TEST_HOSTS}',
      tls: 'tls',
      storage: 'disk',
      ...properties,
    }),
    ...nodes,
    ...ENDS,
    ...STATUS,
  ];
  const credentials = (): object => ({
    connection: { systemId: 'demo', password: 'secret' },
    tls: { cadata: simulator.ca },
  });
  const start = (...nodes: FlowNode[]): Promise<void> => startFlows(flow({}, ...nodes), credentials());

  async function shows(text: string): Promise<void> {
    for (;;) {
      const { status } = (await next('status')) as unknown as { status: { text?: string } };
      if (status.text === `inmobile-connection.status.${text}`) return;
    }
  }

  /** Resolves when a line of the connection's log has this in it. */
  async function logged(level: 'warn' | 'error', words: RegExp): Promise<string> {
    for (;;) {
      const [call] = (await once(nodeOf('connection'), `call:${level}`)) as [{ args: [string] }];
      if (words.test(call.args[0])) return call.args[0];
    }
  }

  it('keeps its links over full deploys that leave its settings as they are', async () => {
    await start(send());
    await shows('connected');
    for (let count = 0; count < 3; count += 1) await deploy(flow({}, send()), 'full', credentials());
    receive('send', { to: TO, payload: 'Hello' });
    await next('accepted');
    assert.deepEqual([simulator.bindAttempts.length, simulator.sessions.length], [1, 1]);
  });

  it('tells Status nodes of its state after a full deploy', async () => {
    await start(send());
    await shows('connected');
    await deploy(flow({}, send()), 'full', credentials());
    await shows('connected');
  });

  it('keeps its links when only its name changes', async () => {
    await start(send());
    await shows('connected');
    await deploy(flow({ name: 'renamed' }, send()), 'nodes', credentials());
    receive('send', { to: TO, payload: 'Hello' });
    await next('accepted');
    assert.equal(simulator.bindAttempts.length, 1);
  });

  it('takes a new default country over without a new bind', async () => {
    await start(send());
    await shows('connected');
    await deploy(flow({ defaultCountry: 'SE' }, send()), 'nodes', credentials());
    receive('send', { to: '070-174 06 05', payload: 'Hello' });
    assert.equal((await next('accepted')).payload.to, '46701740605');
    assert.equal(simulator.bindAttempts.length, 1);
  });

  it('binds anew with other settings, after the links of the old ones have ended', async () => {
    await start(send());
    await shows('connected');
    await deploy(flow({ window: 5 }, send()), 'nodes', credentials());
    receive('send', { to: TO, payload: 'Hello' });
    await next('accepted');
    assert.deepEqual([simulator.bindAttempts.length, simulator.sessions.length], [2, 1]);
  });

  it('hands what was queued on to an account of other settings', async () => {
    await simulator.kill('all');
    await start(send());
    receive('send', { to: TO, payload: 'Hello' });
    await queued(1);
    await simulator.revive('all');
    await deploy(flow({ window: 5 }, send()), 'nodes', credentials());
    assert.equal((await next('accepted')).payload.recovered, true);
  });

  it('stops when its node is gone', async () => {
    await start(send());
    await shows('connected');
    const [tab, tls, , ...rest] = flow({}, send());
    await deploy([tab, tls, ...rest] as FlowNode[], 'full', credentials());
    while (simulator.sessions.length > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(simulator.sessions.length, 0);
  });

  it('says how many SMS stay in its store when its node is gone', async () => {
    await simulator.kill('all');
    await start(send());
    for (let count = 0; count < 3; count += 1) receive('send', { to: TO, payload: 'Hello' });
    await queued(3);
    const warning = logged('warn', /ended/);
    const [tab, tls, , ...rest] = flow({}, send());
    await deploy([tab, tls, ...rest] as FlowNode[], 'full', credentials());
    assert.match(await warning, /3 SMS in its queue; they stay in .*connection/);
  });

  it('has unbound when the flows have stopped', async () => {
    await start(send());
    await shows('connected');
    await stopFlows();
    assert.equal(simulator.sessions.length, 0);
  });

  it('connects again at a full deploy after a flow had disconnected it', async () => {
    await start(send());
    await shows('connected');
    receive('send', { action: 'disconnect' });
    await next('accepted');
    await deploy(flow({}, send()), 'full', credentials());
    receive('send', { to: TO, payload: 'Hello' });
    assert.equal((await next('accepted')).payload.outcome, 'accepted');
  });

  it('sends the queue of an smpp-send node that is gone, and logs its results', async () => {
    await simulator.kill('all');
    await start(send(), send({ id: 'neighbour' }));
    receive('send', { to: TO, payload: 'Hello' });
    await queued(1, 'neighbour');
    await deploy(flow({}, send({ id: 'neighbour' })), 'nodes', credentials());
    const warning = logged('warn', /gone/);
    await simulator.revive('all');
    assert.match(await warning, /^the smpp-send node of 1 SMS is gone.*: 1 accepted$/);
    assert.equal(simulator.accepted.length, 1);
  });

  const others: [name: string, properties: Readonly<Record<string, unknown>>][] = [
    ['uses another connection', {}],
    ['uses one with wrong settings', { gateway: 'custom', hosts: '' }],
  ];
  for (const [name, properties] of others) {
    it(`gives a result to a node that ${name} by now`, async () => {
      const second = connection({ id: 'second', ...properties });
      await simulator.kill('all');
      await start(second, send(), send({ id: 'neighbour' }));
      receive('send', { to: TO, payload: 'Hello' });
      await queued(1, 'neighbour');
      await deploy(
        flow({}, second, send({ connection: 'second' }), send({ id: 'neighbour' })),
        'nodes',
        credentials(),
      );
      await simulator.revive('all');
      assert.equal((await next('accepted')).payload.outcome, 'accepted');
    });
  }

  async function queued(count: number, node = 'send'): Promise<void> {
    for (;;) {
      receive(node, { action: 'status' });
      const { queue } = (await next('accepted')).payload as { queue: { normal: number } };
      if (queue.normal === count) return;
    }
  }
});
