/** What becomes of a queue when its connection is edited, loses its nodes, or changes its folder or storage. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { GatewayStatus } from '../../../lib/message.js';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import type { Account } from '../../../nodes/inmobile-connection/account.js';
import {
  deploy,
  haltFlows,
  loggedBy,
  next,
  nodeOf,
  receive,
  startFlows,
  stopFlows,
  useNodeRed,
  waitingAt,
  type FlowNode,
} from '../../support/node-red-flows.js';
import { CATCH, connection, connectionTo, dlr, ENDS, send, TAB } from '../flow.js';

const TO = '4512345678';
/** Accepted, and its receipt comes late. */
const LATE_RECEIPT = '4512345655';

describe('inmobile-connection, edited', () => {
  useNodeRed();
  let simulator: Simulator;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'smpp-edits-'));
    simulator = await startSimulator({ lateReceiptMs: 1_000 });
  });
  afterEach(async () => {
    await simulator.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  type Properties = Readonly<Record<string, unknown>>;

  function flowWith(properties: Properties, ...nodes: readonly FlowNode[]): FlowNode[] {
    return [TAB, ...connectionTo(simulator, properties).nodes, ...nodes, ...ENDS, ...CATCH];
  }
  const credentials = (account: Properties = {}): object => ({
    ...connectionTo(simulator).credentials,
    connection: { systemId: 'demo', password: 'secret', ...account },
  });
  const start = (properties: Properties, ...nodes: FlowNode[]): Promise<void> =>
    startFlows(flowWith(properties, ...nodes), credentials());
  const edit = (properties: Properties, account: Properties, ...nodes: FlowNode[]): Promise<void> =>
    // Node-RED takes other credentials for a change of their node at a full deploy, as it does with those of the editor.
    deploy(
      flowWith(properties, ...nodes),
      Object.keys(account).length > 0 ? 'full' : 'nodes',
      credentials(account),
    );

  const accountOf = (id = 'connection'): Account =>
    (nodeOf(id) as unknown as { connection: Account }).connection;
  async function statusWhere(fits: (status: GatewayStatus) => boolean, id?: string): Promise<GatewayStatus> {
    while (!fits(accountOf(id).status())) await new Promise((resolve) => setImmediate(resolve));
    return accountOf(id).status();
  }
  /** Three SMS that no host takes. */
  async function queueThree(): Promise<void> {
    await statusWhere(({ state }) => state === 'connected');
    await simulator.kill('all');
    await statusWhere(({ state }) => state !== 'connected');
    for (const topic of ['one', 'two', 'three']) receive('send', { to: TO, topic, payload: 'Hello' });
    await statusWhere(({ queue }) => queue.normal === 3);
  }
  async function topicsAt(end: string, count: number): Promise<unknown[]> {
    const topics: unknown[] = [];
    while (topics.length < count) topics.push((await next(end)).topic);
    return topics.sort();
  }
  const THREE = ['one', 'three', 'two'];

  describe('with storage in memory', () => {
    const edits: readonly [name: string, properties: Properties, account: Properties][] = [
      ['another window', { window: '5' }, {}],
      ['another password', {}, { password: 'better' }],
      ['storage on disk', { storage: 'disk' }, {}],
    ];
    for (const [name, properties, account] of edits) {
      it(`keeps its queue: ${name}`, async () => {
        await start({ storage: 'memory' }, send());
        await queueThree();
        await edit({ storage: 'memory', ...properties }, account, send());
        await simulator.revive('all');
        assert.deepEqual(await topicsAt('accepted', 3), THREE);
        assert.equal(simulator.accepted.length, 3);
      });

      it(`keeps the receipts to come: ${name}`, async () => {
        await start({ storage: 'memory' }, send(), dlr());
        receive('send', { to: LATE_RECEIPT, payload: 'Hello', topic: 'door' });
        await next('accepted');
        await edit({ storage: 'memory', ...properties }, account, send(), dlr());
        const { payload } = await next('receipt');
        assert.deepEqual([payload.state, payload.matched], ['DELIVRD', true]);
      });
    }

    for (const [fault, text] of Object.entries({ window: 'many', pins: 'x' })) {
      it(`keeps its queue over an edit with a fault, and its correction: ${fault}`, async () => {
        await start({ storage: 'memory' }, send());
        await queueThree();
        await edit({ storage: 'memory', [fault]: text }, {}, send());
        await edit({ storage: 'memory', window: '5' }, {}, send());
        await simulator.revive('all');
        assert.deepEqual(await topicsAt('accepted', 3), THREE);
      });
    }

    it('keeps its queue when a system id is corrected that was never let in', async () => {
      simulator.refuse('demo');
      await start({ storage: 'memory' }, send());
      await statusWhere(({ state }) => state === 'refused');
      receive('send', { to: TO, topic: 'one', payload: 'Hello' });
      await statusWhere(({ queue }) => queue.normal === 1);
      await edit({ storage: 'memory' }, { systemId: 'right' }, send());
      assert.deepEqual(await topicsAt('accepted', 1), ['one']);
    });

    it('gives each SMS its outcome when it is given another account', async () => {
      await start({ storage: 'memory' }, send());
      await queueThree();
      await edit({ storage: 'memory' }, { systemId: 'another' }, send());
      const { payload } = await next('other');
      assert.deepEqual(
        [payload.outcome, (payload.reason as string).includes('another account')],
        ['cancelled', true],
      );
      await topicsAt('other', 2);
      await simulator.revive('all');
      assert.equal(simulator.accepted.length, 0);
    });

    it('gives each SMS its outcome when it is of the simulator from now on', async () => {
      await start({ storage: 'memory' }, send());
      await queueThree();
      await edit({ storage: 'memory', gateway: 'simulator' }, {}, send());
      assert.deepEqual(await topicsAt('other', 3), THREE);
    });

    it('gives each SMS its outcome when it is deleted', async () => {
      await start({ storage: 'memory' }, send());
      await queueThree();
      const [tab, tls, , ...rest] = flowWith({}, send());
      await deploy([tab, tls, ...rest] as FlowNode[], 'full', credentials());
      const { payload } = await next('other');
      assert.deepEqual(
        [payload.outcome, (payload.reason as string).includes('deleted or disabled')],
        ['cancelled', true],
      );
      await topicsAt('other', 2);
    });

    it('says how many end with Node-RED', async () => {
      await start({ storage: 'memory' }, send());
      await queueThree();
      await haltFlows();
      assert.match(loggedBy('connection', 'warn').join(), /stopped with 3 SMS in memory; they are lost/);
    });

    for (const edits of [[{}], [{}, { window: 'many' }]]) {
      it(`says what became of SMS that are answered as Node-RED stops, their node gone: ${edits.length}`, async () => {
        await simulator.stop();
        simulator = await startSimulator({ responseDelayMs: 300 });
        await start({ storage: 'memory' }, send());
        for (const topic of THREE) receive('send', { to: TO, topic, payload: 'Hello' });
        await statusWhere(({ queue }) => queue.underWay === 3);
        for (const one of edits) await edit({ storage: 'memory', ...one }, {});
        await haltFlows();
        assert.match(loggedBy('connection', 'warn').join(), /^the smpp-send node of 3 .*: 3 accepted$/);
      });
    }

    it('says how many end with Node-RED, also when it was given a fault before, and of each msg', async () => {
      await start({ storage: 'memory' }, send());
      await queueThree();
      await edit({ storage: 'memory', window: 'many' }, {}, send());
      await haltFlows();
      assert.match(loggedBy('connection', 'warn').join(), /stopped with 3 SMS in memory; they are lost/);
      assert.equal(
        loggedBy('send', 'error').filter((line) => line.includes('(SMPP_STOPPED, msg ')).length,
        3,
      );
    });

    it('keeps the simulator in process, and its receipts to come, as other settings change', async () => {
      const simulated = (properties: Properties): FlowNode[] => [
        TAB,
        connection(properties),
        send(),
        dlr(),
        ...ENDS,
        ...CATCH,
      ];
      await startFlows(simulated({}));
      receive('send', { to: TO, payload: 'Hello' });
      await next('accepted');
      await deploy(simulated({ window: '5' }), 'nodes');
      assert.equal((await next('receipt')).payload.state, 'DELIVRD');
    });
  });

  describe('with storage on disk', () => {
    const at = (name: string): Properties => ({ storage: 'disk', storageDirectory: path.join(folder, name) });
    const places: readonly [name: string, properties: () => Properties][] = [
      ['memory', () => ({ storage: 'memory' })],
      ['another folder', () => at('second')],
    ];
    for (const [name, place] of places) {
      it(`keeps its queue as its storage is ${name}`, async () => {
        await start(at('first'), send());
        await queueThree();
        await edit(place(), {}, send());
        await simulator.revive('all');
        assert.deepEqual(await topicsAt('accepted', 3), THREE);
        assert.equal(simulator.accepted.length, 3);
        await edit(at('first'), {}, send());
        await accountOf().gateway();
        assert.equal(accountOf().status().queue.normal, 0);
      });

      it(`keeps the receipts to come as its storage is ${name}`, async () => {
        await start(at('first'), send(), dlr());
        receive('send', { to: LATE_RECEIPT, payload: 'Hello', topic: 'door' });
        await next('accepted');
        await edit(place(), {}, send(), dlr());
        const { payload } = await next('receipt');
        assert.deepEqual([payload.state, payload.matched], ['DELIVRD', true]);
      });

      it(`sends its queue as its storage is ${name} and its node is gone`, async () => {
        await start(at('first'), send());
        await queueThree();
        await edit(place(), {}, send({ d: true }));
        await simulator.revive('all');
        await statusWhere(() => simulator.accepted.length === 3);
      });
    }

    for (const [name, place] of places) {
      it(`finds its queue as its storage is ${name} when it starts next`, async () => {
        await start(at('first'), send());
        await queueThree();
        await stopFlows();
        await simulator.revive('all');
        await start(place(), send());
        assert.deepEqual(await topicsAt('accepted', 3), THREE);
        await edit(at('first'), {}, send());
        await accountOf().gateway();
        assert.equal(accountOf().status().queue.normal, 0);
      });

      it(`finds its queue as its storage is ${name} when it starts next, and its node is gone`, async () => {
        await start(at('first'), send());
        await queueThree();
        await stopFlows();
        await simulator.revive('all');
        await start(place(), send({ d: true }));
        await statusWhere(() => simulator.accepted.length === 3);
      });
    }

    it('finds its queue when a fault comes with the other folder, and is corrected after a restart', async () => {
      await start(at('first'), send());
      await queueThree();
      await edit({ ...at('second'), window: 'many' }, {}, send());
      await stopFlows();
      await simulator.revive('all');
      await start({ ...at('second'), window: 'many' }, send());
      await edit(at('second'), {}, send());
      assert.deepEqual(await topicsAt('accepted', 3), THREE);
    });

    it('says at every start what waits in the folder before, which is another account’s, until that is back', async () => {
      await start(at('first'), send());
      await queueThree();
      await simulator.revive('all');
      for (let starts = 0; starts < 2; starts += 1) {
        await stopFlows();
        await startFlows(flowWith(at('second'), send()), credentials({ systemId: 'another' }));
        await statusWhere(({ state }) => state === 'connected');
        assert.match(
          loggedBy('connection', 'warn').join(),
          /3 SMS that wait in .*first, .* of another account/,
        );
      }
      await stopFlows();
      await start(at('third'), send());
      assert.deepEqual(await topicsAt('accepted', 3), THREE);
    });

    it('leaves what waits in the folder before to the connection that has it by now', async () => {
      const other = connectionTo(simulator, { id: 'second', ...at('first') }).nodes[1] as FlowNode;
      const accounts = { ...credentials(), second: { systemId: 'demo', password: 'secret' } };
      await start(at('first'), send());
      await queueThree();
      await stopFlows();
      await startFlows(flowWith(at('second'), send(), other), accounts);
      await accountOf().gateway();
      await statusWhere(({ queue }) => queue.normal === 3, 'second');
      assert.equal(accountOf().status().queue.normal, 0);
    });

    it('keeps its queue when a fault comes with the other folder, and is corrected', async () => {
      await start(at('first'), send());
      await queueThree();
      await edit({ ...at('second'), window: 'many' }, {}, send());
      await edit(at('second'), {}, send());
      await simulator.revive('all');
      assert.deepEqual(await topicsAt('accepted', 3), THREE);
    });

    it('takes its queue along as it is edited again before it has started', async () => {
      await start(at('first'), send());
      await queueThree();
      await edit(at('second'), {}, send());
      await edit(at('third'), {}, send());
      await simulator.revive('all');
      assert.deepEqual(await topicsAt('accepted', 3), THREE);
    });

    it('takes its queue along as the flows stop before it has started', async () => {
      await start(at('first'), send());
      await queueThree();
      await edit(at('second'), {}, send());
      await stopFlows();
      await simulator.revive('all');
      await start(at('second'), send());
      assert.deepEqual(await topicsAt('accepted', 3), THREE);
    });

    it('leaves what waits where it is, and says so, as another folder comes with another account', async () => {
      await start(at('first'), send());
      await queueThree();
      await edit(at('second'), { systemId: 'another' }, send());
      await accountOf().gateway();
      assert.match(loggedBy('connection', 'warn').join(), /with 3 SMS in its queue; they stay in .*first/);
      await simulator.revive('all');
      await statusWhere(({ state }) => state === 'connected');
      assert.equal(accountOf().status().queue.normal, 0);
      await edit(at('first'), { systemId: 'another' }, send());
      assert.deepEqual(await topicsAt('accepted', 3), THREE);
    });

    it('says of each msg that it is lost as the flows stop, once it has gone to memory', async () => {
      await start(at('first'), send());
      await queueThree();
      await edit({ storage: 'memory' }, {}, send());
      await accountOf().gateway();
      await haltFlows();
      const lost = loggedBy('send', 'error').filter((line) => line.includes('(SMPP_STOPPED, msg '));
      assert.equal(lost.length, 3);
    });
  });

  describe('whose nodes are gone', () => {
    const to = (node: string): FlowNode => send({ connection: node });

    it('sends what waits all the same, and gives the results to nodes that use another connection', async () => {
      const second = connection({ id: 'second' });
      await start({ storage: 'disk' }, second, send());
      await queueThree();
      await edit({ storage: 'disk' }, {}, second, to('second'));
      await simulator.revive('all');
      assert.deepEqual(await topicsAt('accepted', 3), THREE);
      await statusWhere(({ state }) => state === 'stopped');
      assert.equal(simulator.accepted.length, 3);
    });

    it('sends it also when the flow is disabled, and keeps the results until that is enabled', async () => {
      await start({ storage: 'disk' }, send());
      await queueThree();
      await edit({ storage: 'disk' }, {}, send({ d: true }));
      await simulator.revive('all');
      await statusWhere(({ state }) => state === 'stopped');
      assert.equal(simulator.accepted.length, 3);
      await edit({ storage: 'disk' }, {}, send());
      assert.deepEqual(await topicsAt('accepted', 3), THREE);
    });

    for (const storage of ['disk', 'memory'])
      it(`says what became of it, once its smpp-send node was deleted: storage ${storage}`, async () => {
        await start({ storage }, send());
        await queueThree();
        await edit({ storage }, {});
        await simulator.revive('all');
        const line = /node of 3 SMS is gone; .*: 3 accepted/;
        await statusWhere(() => line.test(loggedBy('connection', 'warn').join()));
      });

    it('says how many results do not arrive as the flows stop: by the connection that they come from', async () => {
      const second = connection({ id: 'second', storage: 'disk' });
      await start({ storage: 'memory' }, second, send());
      await queueThree();
      await edit({ storage: 'memory' }, {}, second, to('second'));
      const halted = new Promise<void>((resolve) => {
        const node = nodeOf('send');
        node.send = () => void haltFlows().then(resolve);
      });
      await simulator.revive('all');
      await halted;
      const lines = loggedBy('send', 'error').join();
      assert.match(lines, /1 results were on their way as Node-RED stopped/);
      assert.equal(lines.split('(SMPP_STOPPED, msg ').length, 3);
    });

    it('sends what a start finds in its store', async () => {
      await start({ storage: 'disk' }, send());
      await queueThree();
      await stopFlows();
      await simulator.revive('all');
      await start({ storage: 'disk' }, send({ d: true }));
      await statusWhere(() => simulator.accepted.length === 3);
      await statusWhere(({ state }) => state === 'stopped');
    });

    it('connects to nobody when nothing waits', async () => {
      await start({ storage: 'disk' }, send());
      await statusWhere(({ state }) => state === 'connected');
      await stopFlows();
      const binds = simulator.bindAttempts.length;
      await start({ storage: 'disk' }, send({ d: true }));
      await assert.rejects(accountOf().gateway(), { code: 'SMPP_STOPPED' });
      assert.equal(simulator.bindAttempts.length, binds);
    });
  });

  describe('and its folder', () => {
    const shared = (id: string): FlowNode =>
      connectionTo(simulator, { id, storage: 'disk', storageDirectory: folder }).nodes[1] as FlowNode;
    const tls = (): FlowNode => connectionTo(simulator).nodes[0] as FlowNode;
    const flow = (id: string): FlowNode[] => [
      TAB,
      tls(),
      shared(id),
      send({ connection: id }),
      ...ENDS,
      ...CATCH,
    ];

    const relative = (id: string): FlowNode[] => [
      TAB,
      connection({ id, storage: 'disk', storageDirectory: 'sms' }),
      send({ connection: id }),
      ...ENDS,
    ];
    const userDir = (): string => path.dirname(path.dirname(accountOf().folder ?? ''));

    it('is under the user directory when its path is relative', async () => {
      await startFlows([TAB, connection({ storage: 'disk' }), ...relative('second'), send({ id: 'third' })]);
      assert.equal(accountOf('second').folder, path.join(path.dirname(userDir()), 'sms', 'simulated'));
    });

    it('stays where an earlier version made it, in the working directory', async () => {
      const workingDirectory = process.cwd();
      try {
        process.chdir(folder);
        mkdirSync('sms');
        writeFileSync(path.join('sms', 'journal-000001.ndjson'), '');
        await startFlows(relative('second'));
        assert.equal(accountOf('second').folder, path.join(process.cwd(), 'sms', 'simulated'));
      } finally {
        process.chdir(workingDirectory);
      }
    });

    it('is taken over by another connection in one deploy, and SMS given meanwhile wait', async () => {
      const account = { systemId: 'demo', password: 'secret' };
      const accounts = { ...credentials(), first: account, second: account };
      await startFlows(flow('first'), accounts);
      await statusWhere(({ state }) => state === 'connected', 'first');
      await deploy(flow('second'), 'full', accounts);
      receive('send', { to: TO, payload: 'Hello' });
      assert.equal((await next('accepted')).payload.outcome, 'accepted');
      assert.equal(waitingAt('caught'), 0);
      assert.deepEqual(loggedBy('second', 'error'), []);
    });

    it('is taken over with its queue, and nothing is said to stay in it', async () => {
      const account = { systemId: 'demo', password: 'secret' };
      const accounts = { ...credentials(), first: account, second: account };
      await startFlows(flow('first'), accounts);
      const later = { text: 'Hello', sendAt: Date.now() + 3_600_000 };
      receive('send', { to: TO, payload: later });
      await statusWhere(({ queue }) => queue.normal === 1, 'first');
      await deploy(flow('second'), 'full', accounts);
      await statusWhere(({ queue }) => queue.normal === 1, 'second');
      assert.deepEqual(loggedBy('first', 'warn'), []);
    });
  });
});
