import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Node, NodeStatus } from 'node-red';
import type { Connection } from '../../../nodes/shared/connection.js';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import {
  deploy,
  loggedBy,
  next,
  nodeOf,
  receive,
  shownBelow,
  startFlows,
  stopFlows,
  useNodeRed,
  waitingAt,
  type FlowNode,
} from '../../support/node-red-flows.js';
import { CATCH, connection, dlr, ENDS, ON_TAB, receiver, send, sink, TAB } from '../flow.js';

const TO = '4512345678';
const STATUS: readonly FlowNode[] = [
  { id: 'watch', ...ON_TAB, type: 'status', scope: null, wires: [['status']] },
  sink('status'),
];
const CREDENTIALS = { connection: { systemId: 'demo', password: 'secret' } };

/** The status that a Status node hears of the smpp-send node, once it is the one waited for. */
async function statusOf(text: string): Promise<NodeStatus> {
  for (;;) {
    const { status } = (await next('status')) as unknown as { status: NodeStatus };
    if (status.text === `inmobile-connection.status.${text}`) return status;
  }
}

/** Resolves when a Status node hears of this colour below the smpp-send node. */
async function shows(fill: string): Promise<void> {
  for (;;) {
    const { status } = (await next('status')) as unknown as { status: NodeStatus & { source: Node } };
    if (status.fill === fill && status.source.id === 'send') return;
  }
}

describe('inmobile-connection', () => {
  useNodeRed();

  it('says in its status that it is simulated', async () => {
    await startFlows([TAB, connection(), send(), ...ENDS, ...STATUS]);
    assert.equal((await statusOf('simulated')).text, 'inmobile-connection.status.simulated');
  });

  describe('with settings that are wrong', () => {
    const wrong: [name: string, properties: Record<string, unknown>, credentials: object, says: RegExp][] = [
      [
        'no password',
        { gateway: 'inmobile' },
        { connection: { systemId: 'demo' } },
        /label\.password: enter/,
      ],
      ['an unknown gateway', { gateway: 'other' }, {}, /label\.gateway: must be one of/],
      ['a variable without a value', { gateway: '${SMPP_TEST_NOT_SET}' }, {}, /gateway: .*SMPP_TEST_NOT_SET/],
      ['a sender that is too long', { sender: 'Twelve chars' }, {}, /label\.sender: must have at most 11/],
      [
        'a pin that is none',
        { gateway: 'inmobile', pins: 'x' },
        CREDENTIALS,
        /label\.pins: it is the SHA-256/,
      ],
      ['an unknown storage', { storage: 'cluster' }, {}, /storage: .*not available/],
      ['a missing TLS configuration', { gateway: 'inmobile', tls: 'gone' }, CREDENTIALS, /label\.tls: /],
    ];
    for (const [name, properties, credentials, says] of wrong) {
      it(`answers every msg with SMPP_OPTIONS: ${name}`, async () => {
        await startFlows([TAB, connection(properties), send(), ...ENDS, ...CATCH], credentials);
        receive('send', { to: TO, payload: 'Hello' });
        const { code, message } = (await next('caught')).error as { code: string; message: string };
        assert.equal(code, 'SMPP_OPTIONS');
        assert.match(message, says);
      });
    }

    it('tells Status nodes, once of each node', async () => {
      await startFlows([TAB, connection({ gateway: 'other' }), send(), dlr(), ...ENDS, ...STATUS]);
      const heard = [await next('status'), await next('status'), await next('status')].map(
        ({ status }) => status as NodeStatus & { readonly source: { readonly id: string } },
      );
      assert.deepEqual(heard.map(({ source }) => source.id).sort(), ['connection', 'dlr', 'send']);
      assert.deepEqual([...new Set(heard.map(({ fill }) => fill))], ['red']);
    });

    it('says that it is simulated, also where only a node has wrong settings', async () => {
      await startFlows([TAB, connection(), dlr({ states: 'other' }), ...ENDS]);
      assert.match(shownBelow('dlr')?.text ?? '', /status\.simulated$/);
    });

    it('tells Status nodes of a node that names no connection', async () => {
      await startFlows([TAB, send({ connection: 'gone' }), ...ENDS, ...STATUS]);
      const { status } = (await next('status')) as unknown as { status: NodeStatus };
      assert.match(status.text ?? '', /status\.noConnection$/);
    });

    for (const node of [send, dlr, receiver]) {
      it(`is logged of a node that names none: ${node().type}`, async () => {
        const { id, type } = node();
        await startFlows([TAB, node({ connection: 'gone' }), ...ENDS]);
        const says = `${type}.label.connection: the node names none that exists and is enabled`;
        assert.deepEqual(loggedBy(id, 'error'), [says]);
        assert.deepEqual([shownBelow(id)?.fill, shownBelow(id)?.shape], ['red', 'dot']);
      });
    }

    it('shows it below its users', async () => {
      await startFlows([TAB, connection({ gateway: 'other' }), send(), ...ENDS]);
      assert.deepEqual(shownBelow('send'), {
        fill: 'red',
        shape: 'dot',
        text: 'inmobile-connection.status.settings',
        state: 'stopped',
      });
    });
  });
});

describe('inmobile-connection with a store that cannot be opened', () => {
  useNodeRed();

  it('shows that it is stopped once a flow has disconnected it', async () => {
    const broken = connection({ storage: 'disk', storageDirectory: __filename });
    await startFlows([TAB, broken, send(), ...ENDS, ...STATUS]);
    await shows('red');
    receive('send', { action: 'disconnect' });
    await shows('grey');
    assert.equal(shownBelow('send')?.shape, 'ring');
  });
});

describe('inmobile-connection over TLS', () => {
  useNodeRed();
  let simulator: Simulator;

  beforeEach(async () => {
    simulator = await startSimulator();
    process.env.SMPP_TEST_HOSTS = simulator.hosts.map(({ host, port }) => `${host}:${port}`).join(',');
  });
  afterEach(() => simulator.stop());

  const tls = (): FlowNode => ({
    id: 'tls',
    type: 'tls-config',
    name: '',
    cert: '',
    key: '',
    ca: '',
    servername: '',
    verifyservercert: false,
    alpnprotocol: '',
  });
  const flow = (properties: Readonly<Record<string, unknown>> = {}, ...nodes: FlowNode[]): FlowNode[] => [
    TAB,
    tls(),
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
  const credentials = (): object => ({ ...CREDENTIALS, tls: { cadata: simulator.ca } });

  it('reads its hosts from the environment, and trusts the authority of the TLS configuration', async () => {
    await startFlows(flow({}, send()), credentials());
    receive('send', { to: TO, payload: 'Hello' });
    assert.equal((await next('accepted')).payload.outcome, 'accepted');
  });

  it('verifies the host although the TLS configuration says not to', async () => {
    await startFlows(flow({}, send()), CREDENTIALS);
    await statusOf('certificate');
    assert.equal(simulator.bindAttempts.length, 0);
  });

  it('shows that the login was refused', async () => {
    simulator.refuse('demo');
    await startFlows(flow({}, send()), credentials());
    const { fill, shape } = await statusOf('refused');
    assert.deepEqual([fill, shape], ['red', 'dot']);
  });

  it('tries a refused login at once when it is told to connect', async () => {
    simulator.refuse('demo');
    await startFlows(flow({}, send()), credentials());
    await statusOf('refused');
    const before = simulator.bindAttempts.length;
    receive('send', { action: 'connect' });
    receive('send', { to: TO, payload: 'Hello' });
    assert.equal((await next('accepted')).payload.state, 'connecting');
    const { connection: account } = nodeOf('connection') as unknown as { connection: Connection };
    while (account.status().state !== 'refused') await new Promise((resolve) => setImmediate(resolve));
    assert.ok(simulator.bindAttempts.length > before);
    simulator.refuse('demo', 'ESME_ROK');
    receive('send', { action: 'connect' });
    assert.equal((await next('accepted')).payload.state, 'connecting');
    assert.equal((await next('accepted')).payload.outcome, 'accepted');
  });

  it('shows a queue until it is empty, though the wall clock is set back meanwhile', async () => {
    await startFlows(flow({ segmentsPerSecond: '1' }, send()), credentials());
    await statusOf('connected');
    for (let count = 1; count <= 5; count += 1) receive('send', { to: TO, payload: `SMS ${count}` });
    await statusOf('queued');
    const { now } = Date;
    Date.now = () => now() - 3_600_000;
    try {
      await statusOf('sent');
      assert.equal(simulator.accepted.length, 5);
    } finally {
      Date.now = now;
    }
  });

  it('does not start without a user', async () => {
    await startFlows(flow(), credentials());
    await deploy(flow({}, send()), 'nodes', credentials());
    await statusOf('connected');
    assert.equal(simulator.bindAttempts.length, 1);
  });

  it('stays connected when its only smpp-send node is edited', async () => {
    await startFlows(flow({}, send()), credentials());
    await statusOf('connected');
    await deploy(flow({}, send({ name: 'edited' })), 'nodes', credentials());
    receive('send', { to: TO, payload: 'Hello' });
    await next('accepted');
    assert.equal(simulator.bindAttempts.length, 1);
  });

  it('stops with its last user', async () => {
    await startFlows(flow({}, send()), credentials());
    await statusOf('connected');
    const config = nodeOf('connection');
    await deploy(flow(), 'nodes', credentials());
    while (simulator.sessions.length > 0) await once(config, 'call:status');
    assert.equal(simulator.sessions.length, 0);
  });

  it('has one session after full deploys that change nothing of it', async () => {
    await startFlows(flow({}, send()), credentials());
    await statusOf('connected');
    for (let count = 0; count < 5; count += 1) {
      await deploy(flow({}, send()), 'full', credentials());
    }
    receive('send', { to: TO, payload: 'Hello' });
    await next('accepted');
    assert.equal(simulator.sessions.length, 1);
  });

  it('gives what was queued before a restart to the node with the same id', async () => {
    await simulator.kill('all');
    await startFlows(flow({}, send(), ...CATCH), credentials());
    receive('send', { _msgid: 'm1', to: TO, payload: { text: 'Hello', correlation: 'c' }, order: { id: 7 } });
    while (!(await isQueued())) assert.equal(waitingAt('caught'), 0);
    await stopFlows();
    await simulator.revive('all');
    await startFlows(flow({}, send()), credentials());
    const { payload, order, _msgid } = await next('accepted');
    assert.deepEqual([payload.recovered, payload.correlation, order, _msgid], [true, 'c', { id: 7 }, 'm1']);
  });

  it('gives a receipt after a restart the msg that its SMS came from', async () => {
    // A transmitter gets no receipts: the gateway keeps them until a receiver binds.
    await startFlows(flow({ connectionMode: 'transmitter' }, send(), dlr()), credentials());
    receive('send', { to: TO, payload: 'Hello', order: 7 });
    await next('accepted');
    await stopFlows();
    await startFlows(flow({}, send(), dlr()), credentials());
    const { payload, order } = await next('receipt');
    assert.deepEqual([payload.state, order], ['DELIVRD', 7]);
  });

  it('keeps what is settled while flows are stopping, for those that start', async () => {
    await startFlows(flow({}, send()), credentials());
    await statusOf('connected');
    for (let count = 0; count < 50; count += 1) receive('send', { to: TO, payload: 'Hello', count });
    await deploy(flow({}, send()), 'full', credentials());
    const counts = new Set<unknown>();
    while (counts.size < 50) counts.add((await next('accepted')).count);
    assert.equal(counts.size, 50);
  });

  async function isQueued(): Promise<boolean> {
    receive('send', { action: 'status' });
    const { queue } = (await next('accepted')).payload as { queue: { normal: number } };
    return queue.normal > 0;
  }
});
