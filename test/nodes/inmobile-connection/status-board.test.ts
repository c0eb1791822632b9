/** What the nodes of a connection show, and what Status nodes hear of it. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Node, NodeStatus } from 'node-red';
import type { GatewayStatus } from '../../../lib/message.js';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import type { ConnectionSettings } from '../../../nodes/inmobile-connection/read-options.js';
import { StatusBoard, type ReportingNode } from '../../../nodes/inmobile-connection/status-board.js';
import { FlowGate } from '../../../nodes/shared/flow-gate.js';
import { FakeClock } from '../../support/fake-clock.js';
import {
  deploy,
  next,
  receive,
  shownBelow,
  startFlows,
  useNodeRed,
  type FlowNode,
} from '../../support/node-red-flows.js';
import { readCatalogue, translatorOf } from '../catalogue.js';
import { connection, connectionTo, dlr, ENDS, ON_TAB, receiver, send, sink, TAB } from '../flow.js';

const TO = '4512345678';

/** A Status node of a tab or of a subflow, and where it sends what it hears. */
function statusNode(id: string, properties: Readonly<Record<string, unknown>> = {}): FlowNode[] {
  return [
    { id, ...ON_TAB, type: 'status', scope: null, wires: [[`${id}-heard`]], ...properties },
    sink(`${id}-heard`),
  ];
}

/** Texts are their keys here. */
function keyOf(text = ''): string {
  return text.replace('inmobile-connection.status.', '');
}

function wordOf(status?: NodeStatus): string {
  return keyOf(status?.text);
}

interface Heard {
  readonly text: string;
  readonly state: string;
  readonly source: { readonly id: string };
}

async function heardAt(id: string): Promise<Heard> {
  const { status } = (await next(`${id}-heard`)) as unknown as { status: NodeStatus & Heard };
  return { ...status, text: keyOf(status.text) };
}

/** All that the Status node hears until it has heard of this for each of the nodes; by node, the texts. */
async function heardUntil(
  id: string,
  text: string,
  nodes: readonly string[],
): Promise<Record<string, string[]>> {
  const heard: Record<string, string[]> = Object.fromEntries(nodes.map((node) => [node, []]));
  while (nodes.some((node) => heard[node]?.at(-1) !== text)) {
    const { text: said, source } = await heardAt(id);
    (heard[source.id] ??= []).push(said);
  }
  return heard;
}

function assertNothingTwice(heard: readonly string[] = [], id: string): void {
  assert.equal(heard.at(-1), 'connected', id);
  assert.deepEqual(heard, [...new Set(heard)], id);
}

describe('StatusBoard', () => {
  function aBoard(before?: StatusBoard): {
    board: StatusBoard;
    clock: FakeClock;
    say: (change: Partial<GatewayStatus>) => void;
    shown: string[];
    newUser: () => Node;
    flows: (is: 'started' | 'stopping') => void;
  } {
    const events = new EventEmitter();
    const clock = new FakeClock();
    const shown: string[] = [];
    let status = {
      state: 'connected',
      host: 'dk1',
      onFirstHost: true,
      queue: { alarm: 0, normal: 0, bulk: 0, scheduled: 0, underWay: 0 },
    } as GatewayStatus;
    const newUser = (): Node =>
      ({ id: 'user', status: ({ text }: NodeStatus) => shown.push(text ?? '') }) as unknown as Node;
    const board = new StatusBoard({
      node: { id: 'connection', users: {}, status: () => undefined } as unknown as ReportingNode,
      settings: { isSimulated: false, options: {} } as ConnectionSettings,
      gate: new FlowGate(events),
      translate: translatorOf(readCatalogue('inmobile-connection', 'en-US'), 'inmobile-connection'),
      read: () => status,
      before,
      clock,
    });
    return {
      board,
      clock,
      say: (change) => {
        status = { ...status, ...change };
        board.changed();
      },
      shown,
      newUser,
      flows: (is) => events.emit(`flows:${is}`, {}),
    };
  }

  it('waits for the flows to run', () => {
    const { board, shown, newUser, flows } = aBoard();
    board.join(newUser(), 'send');
    assert.deepEqual(shown, []);
    flows('started');
    assert.deepEqual(shown, ['connected dk1']);
  });

  it('shows at most two changes a second below a node, also when a deploy replaces it', async () => {
    const { board, clock, say, shown, newUser, flows } = aBoard();
    const user = newUser();
    board.join(user, 'send');
    flows('started');
    say({ state: 'connecting' });
    flows('stopping');
    board.leave(user);
    board.join(newUser(), 'send');
    flows('started');
    assert.deepEqual(shown, ['connected dk1']);
    await clock.advance(500);
    assert.deepEqual(shown, ['connected dk1', 'connecting']);
  });

  it('has a date in place of the time of an SMS once its day is over', async () => {
    const { board, clock, shown, newUser, flows } = aBoard();
    const activity = board.join(newUser(), 'send');
    flows('started');
    clock.shiftWall(new Date(2026, 0, 5, 23, 59).getTime() - clock.wall());
    activity.note('sent', clock.wall());
    await clock.advance(120_000);
    assert.deepEqual(shown, ['connected dk1', 'dk1, sent 23:59', 'dk1, sent 2026-01-05']);
    assert.equal(clock.pending, 0);
  });

  it('tells what the nodes of the board before did last, which came in with other settings', () => {
    const one = aBoard();
    one.board.join(one.newUser(), 'send').note('sent', one.clock.wall());
    const two = aBoard(one.board);
    two.board.join(two.newUser(), 'send');
    two.flows('started');
    assert.match(two.shown.join(), /^dk1, sent \d\d:\d\d$/);
  });

  it('tells an SMS whose result comes late as what it was', async () => {
    const { board, clock, shown, newUser, flows } = aBoard();
    const activity = board.join(newUser(), 'send');
    flows('started');
    const now = clock.wall();
    activity.note('sent', now);
    activity.note('sent', now - 3_600_000);
    await clock.advance(500);
    assert.equal(shown.length, 2);
  });

  it('has no timer left when it is closed', async () => {
    const { board, clock, say, newUser, flows } = aBoard();
    board.join(newUser(), 'send');
    flows('started');
    say({ state: 'retrying', retryAt: clock.wall() + 8_000 });
    await clock.advance(1_000);
    board.close();
    assert.equal(clock.pending, 0);
  });
});

describe('The status of a connection', () => {
  useNodeRed();
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(() => simulator.stop());

  const start = (...nodes: FlowNode[]): Promise<void> => {
    const { nodes: configs, credentials } = connectionTo(simulator);
    return startFlows([TAB, ...configs, ...nodes, ...ENDS], credentials);
  };
  const USERS = ['send', 'dlr', 'receiver'];
  const ALL = [...USERS, 'connection'];

  it('is heard once of each node and once of the connection, at each change', async () => {
    await start(send(), dlr(), receiver(), ...statusNode('watch'));
    const heard = await heardUntil('watch', 'connected', ALL);
    for (const id of ALL) assertNothingTwice(heard[id], id);
  });

  it('is heard once more after a full deploy, by Status nodes that are new', async () => {
    const flow = [send(), dlr(), receiver(), ...statusNode('watch')];
    await start(...flow);
    await heardUntil('watch', 'connected', ALL);
    const { nodes, credentials } = connectionTo(simulator);
    await deploy([TAB, ...nodes, ...flow, ...ENDS], 'full', credentials);
    const heard = await heardUntil('watch', 'connected', ALL);
    for (const id of ALL) assert.deepEqual(heard[id], ['connected'], id);
  });

  it('is heard once of the connection on a tab with several subflows that use it', async () => {
    const inside = { ...send({ wires: [[], []] }), z: 'subflow' };
    const subflow = { id: 'subflow', type: 'subflow', name: 'sub', in: [], out: [], env: [] };
    const uses = ['one', 'two'].map((id) => ({ id, ...ON_TAB, type: 'subflow:subflow', env: [], wires: [] }));
    await start(subflow, inside, ...uses, receiver(), ...statusNode('watch'));
    const heard = await heardUntil('watch', 'connected', ['one-send', 'two-send', 'receiver', 'connection']);
    assertNothingTwice(heard.connection, 'connection');
  });

  it('is heard in a subflow that has a Status node of its own', async () => {
    const status = { id: 'inner', ...ON_TAB, type: 'status', scope: null, wires: [[]], z: 'subflow' };
    const inside = [{ ...send({ wires: [[], []] }), z: 'subflow' }, status];
    const out = [{ x: 0, y: 0, wires: [{ id: 'inner', port: 0 }] }];
    const subflow = { id: 'subflow', type: 'subflow', name: 'sub', in: [], out, env: [] };
    const use = { id: 'use', ...ON_TAB, type: 'subflow:subflow', env: [], wires: [['watch-heard']] };
    await start(subflow, ...inside, use, sink('watch-heard'));
    const heard = await heardUntil('watch', 'connected', ['use-send', 'connection']);
    assertNothingTwice(heard.connection, 'connection');
  });

  it('is not heard of the connection by a Status node that asks for one of its users', async () => {
    await start(send(), receiver(), ...statusNode('watch', { scope: ['send'] }));
    await heardUntil('watch', 'connected', ['send']);
    receive('send', { to: TO, payload: 'Hello' });
    assert.deepEqual(Object.keys(await heardUntil('watch', 'sent', ['send'])), ['send']);
  });

  it('tells each node its own last SMS, and the connection that of any', async () => {
    await start(send(), send({ id: 'second' }), dlr(), receiver(), ...statusNode('watch'));
    await heardUntil('watch', 'connected', ALL);
    receive('send', { to: TO, payload: 'Hello' });
    await simulator.incoming({ from: TO, to: '4551515151', text: 'Hello' });
    const own = { send: 'sent', dlr: 'receipt', receiver: 'received' };
    const isMissing = ([id, word]: [string, string]): boolean => wordOf(shownBelow(id)) !== word;
    const isUntold = (): boolean => wordOf(shownBelow('connection')) === 'connected';
    while (Object.entries(own).some(isMissing) || isUntold()) await heardAt('watch');
    assert.equal(wordOf(shownBelow('second')), 'connected');
  });

  it('tells the successor of a node what its last SMS was', async () => {
    const flow = [send(), ...statusNode('watch')];
    await start(...flow);
    receive('send', { to: TO, payload: 'Hello' });
    await heardUntil('watch', 'sent', ['send']);
    const { nodes, credentials } = connectionTo(simulator);
    await deploy(
      [TAB, ...nodes, send({ name: 'new' }), ...statusNode('watch'), ...ENDS],
      'nodes',
      credentials,
    );
    assert.deepEqual((await heardUntil('watch', 'sent', ['send'])).send, ['sent']);
  });

  it('carries its state to Status nodes, whatever it says', async () => {
    await startFlows([TAB, connection(), send(), ...statusNode('watch'), ...ENDS]);
    const states: string[] = [];
    while (states.at(-1) !== 'connected') {
      const { text, state, source } = await heardAt('watch');
      assert.equal(text, 'simulated');
      if (source.id === 'send') states.push(state);
    }
    assertNothingTwice(states, 'send');
  });
});
