/** What becomes of a queue when its connection is given a wrong setting. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { GatewayStatus } from '../../../lib/message.js';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import type { Account } from '../../../nodes/inmobile-connection/account.js';
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
  type FlowNode,
} from '../../support/node-red-flows.js';
import { CATCH, connectionTo, ENDS, send, TAB } from '../flow.js';

const TO = '4512345678';
const THREE = ['one', 'three', 'two'];
const WAITING = 'inmobile-connection.status.settingsWaiting';

type Properties = Readonly<Record<string, unknown>>;

describe('inmobile-connection, given a wrong setting', () => {
  useNodeRed();
  let simulator: Simulator;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'smpp-faults-'));
    simulator = await startSimulator();
  });
  afterEach(async () => {
    await simulator.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const flowWith = (properties: Properties): FlowNode[] => [
    TAB,
    ...connectionTo(simulator, properties).nodes,
    send(),
    ...ENDS,
    ...CATCH,
  ];
  const credentials = (account: Properties = {}): object => ({
    ...connectionTo(simulator).credentials,
    connection: { systemId: 'demo', password: 'secret', ...account },
  });
  const start = (properties: Properties): Promise<void> => startFlows(flowWith(properties), credentials());
  const edit = (properties: Properties): Promise<void> =>
    deploy(flowWith(properties), 'nodes', credentials());

  const account = (): Account => (nodeOf('connection') as unknown as { connection: Account }).connection;
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  }
  const statusWhere = (fits: (status: GatewayStatus) => boolean): Promise<void> =>
    until(() => fits(account().status()));
  /** Three SMS that no host takes. */
  async function queueThree(): Promise<void> {
    await statusWhere(({ state }) => state === 'connected');
    await simulator.kill('all');
    await statusWhere(({ state }) => state !== 'connected');
    for (const topic of ['one', 'two', 'three']) receive('send', { to: TO, topic, payload: 'Hello' });
    await statusWhere(({ queue }) => queue.normal === 3);
  }
  async function accepted(): Promise<unknown[]> {
    const topics: unknown[] = [];
    while (topics.length < 3) topics.push((await next('accepted')).topic);
    return topics.sort();
  }
  const waiting = (): Promise<void> =>
    statusWhere(
      ({ error, queue, state }) =>
        error?.code === 'SMPP_OPTIONS' && queue.normal === 3 && state === 'stopped',
    );
  const isShown = (text: string): Promise<void> =>
    until(() => ['send', 'connection'].every((id) => shownBelow(id)?.text === text));
  const warnings = (words: string): string[] =>
    loggedBy('connection', 'warn').filter((line) => line.includes(words));
  const STAYS = 'ended with 3 SMS in its queue; they stay in ';
  const ON_WAITING = 'the 3 SMS in its queue wait until';

  for (const storage of ['memory', 'disk']) {
    it(`says how many wait, and for what: storage ${storage}`, async () => {
      await start({ storage });
      await queueThree();
      await edit({ storage, window: 'many' });
      await waiting();
      await isShown(WAITING);
      assert.equal(warnings(ON_WAITING).length, 1);
    });

    it(`has its queue shown, and what is in it cancelled: storage ${storage}`, async () => {
      await start({ storage });
      await queueThree();
      await edit({ storage, window: 'many' });
      await waiting();
      const [first] = await account().queued(10);
      assert.equal(await account().cancel(first?.id ?? ''), true);
      assert.equal((await next('other')).payload.outcome, 'cancelled');
      await statusWhere(({ queue }) => queue.normal === 2);
    });

    it(`binds again with the settings that it had: storage ${storage}`, async () => {
      await start({ storage });
      await queueThree();
      await edit({ storage, window: 'many' });
      await edit({ storage, pins: 'x' });
      await simulator.revive('all');
      await edit({ storage });
      assert.deepEqual(await accepted(), THREE);
    });
  }

  it('says after a restart too how many wait, and where they stay as it is deleted', async () => {
    await start({ storage: 'disk' });
    await queueThree();
    await edit({ storage: 'disk', window: 'many' });
    await stopFlows();
    await start({ storage: 'disk', window: 'many' });
    await waiting();
    await isShown(WAITING);
    assert.equal(warnings(ON_WAITING).length, 1);
    await deploy([TAB, ...ENDS], 'nodes', {});
    await until(() => warnings(STAYS).length > 0);
  });

  it('sends after a restart what waited, once it is set right', async () => {
    await start({ storage: 'disk' });
    await queueThree();
    await stopFlows();
    await start({ storage: 'disk', window: 'many' });
    await waiting();
    await simulator.revive('all');
    await edit({ storage: 'disk' });
    assert.deepEqual(await accepted(), THREE);
  });

  it('sends none of what waited over another account, in another folder', async () => {
    const at = (name: string): Properties => ({
      storage: 'disk',
      storageDirectory: path.join(folder, name),
    });
    await start(at('first'));
    await queueThree();
    await stopFlows();
    await start({ ...at('first'), window: 'many' });
    await waiting();
    await simulator.revive('all');
    await deploy(flowWith(at('second')), 'full', credentials({ systemId: 'another' }));
    await until(() => warnings(STAYS).length > 0);
    assert.equal(simulator.accepted.length, 0);
  });

  it('makes no store where there is none', async () => {
    const storageDirectory = path.join(folder, 'none');
    await start({ storage: 'disk', storageDirectory, window: 'many' });
    await isShown('inmobile-connection.status.settings');
    assert.equal(existsSync(storageDirectory), false);
  });
});
