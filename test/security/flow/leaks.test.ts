/**
 * Canaries: a password, texts and numbers go through a real Node-RED that logs all that it can, and are looked
 * for in all that it says and keeps. It needs dist/ (`npm test` builds it first).
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import { WatchedNodeRed } from './watched-node-red.js';

const PASSWORD = 'Kanar1e7';
const LONG_PASSWORD = 'Kanar1e7tooLong';
const ACCOUNT = 'kanarie-account';
const TEXT = 'kanarietekst';
const NUMBER = '26482648';
const PHONE = '26482649';
const FORGED = `${TEXT}\x1b[2J\r\n[error] forged\u202e`;
const CANARIES = [PASSWORD, TEXT, NUMBER, PHONE];

/** Its line breaks and tabs apart, nothing in a log but what can be read. */
const CONTROL = new RegExp('[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e]');

const ON_TAB = { z: 'tab', x: 100, y: 100 };

function flow(simulator: Simulator): object[] {
  const hosts = simulator.hosts.map(({ host, port }) => `${host}:${port}`).join(',');
  const connection = (id: string, properties: object) => ({
    id,
    type: 'inmobile-connection',
    name: '',
    gateway: 'custom',
    hosts,
    tls: 'tls',
    storage: 'disk',
    defaultCountry: 'DK',
    ...properties,
  });
  const send = (id: string, to: string) => ({
    id,
    ...ON_TAB,
    type: 'smpp-send',
    connection: to,
    to: 'to',
    toType: 'msg',
    from: 'Demo',
    fromType: 'str',
    text: 'payload',
    textType: 'msg',
    wires: [['result'], ['result']],
  });
  const report = (id: string, func: string) => ({
    id,
    ...ON_TAB,
    type: 'function',
    func: `global.get('report')('${id}', ${func})`,
    outputs: 0,
    wires: [],
  });
  return [
    { id: 'tab', type: 'tab', label: 'tab' },
    {
      id: 'tls',
      type: 'tls-config',
      name: '',
      cert: '',
      key: '',
      ca: '',
      verifyservercert: true,
      credentials: { cadata: simulator.ca },
    },
    connection('connection', { credentials: { systemId: ACCOUNT, password: PASSWORD } }),
    connection('refused', { storage: 'memory', credentials: { systemId: 'refused', password: PASSWORD } }),
    connection('wrong', { storage: 'memory', credentials: { systemId: ACCOUNT, password: LONG_PASSWORD } }),
    connection('demo', { gateway: 'simulator', storage: 'memory' }),
    { id: 'in', ...ON_TAB, type: 'http in', url: '/sms', method: 'post', wires: [['take', 'answer']] },
    {
      id: 'take',
      ...ON_TAB,
      type: 'function',
      func: 'const out = [null, null, null, null]; out[msg.payload.node ?? 0] = { ...msg, req: undefined, res: undefined }; return out;',
      outputs: 4,
      wires: [['send'], ['send-refused'], ['send-wrong'], ['send-demo']],
    },
    { id: 'answer', ...ON_TAB, type: 'http response', wires: [] },
    send('send', 'connection'),
    send('send-refused', 'refused'),
    send('send-wrong', 'wrong'),
    send('send-demo', 'demo'),
    { id: 'dlr', ...ON_TAB, type: 'smpp-dlr', connection: 'connection', wires: [['receipt'], ['receipt']] },
    { id: 'receive', ...ON_TAB, type: 'smpp-receive', connection: 'connection', wires: [['incoming']] },
    { id: 'watch', ...ON_TAB, type: 'status', scope: null, wires: [['status']] },
    report('result', 'msg.payload.outcome'),
    report('receipt', 'msg.payload.state'),
    report('incoming', 'msg.payload.encoding'),
    report('status', 'msg.status'),
    // What a Catch node is told, for one of the nodes; the errors of the others are logged.
    { id: 'catch', ...ON_TAB, type: 'catch', scope: ['send-wrong'], uncaught: false, wires: [['caught']] },
    report('caught', 'msg.error'),
  ];
}

interface Status {
  readonly text: string;
}

describe('a flow with canaries in it', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let nodeRed: WatchedNodeRed;
  const userDir = mkdtempSync(path.join(tmpdir(), 'canaries-'));
  const answers = new Map<string, string>();

  before(async () => {
    simulator = await startSimulator({ receiptDelayMs: 5 });
    simulator.refuse('refused');
    nodeRed = await WatchedNodeRed.start(userDir);
    await nodeRed.deploy(flow(simulator));
    await live();
    const routes = [
      'flows',
      'nodes',
      'settings',
      'diagnostics',
      'credentials/inmobile-connection/connection',
      'flow/tab',
      'context/global',
    ];
    for (const route of routes) answers.set(route, await nodeRed.get(`/${route}`));
    await nodeRed.stop();
  });

  after(async () => {
    await nodeRed.stop();
    await simulator.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  /** One of all that can happen to an SMS. */
  async function live(): Promise<void> {
    await nodeRed.report<Status>('status', ({ text }) => text.includes('refused'));
    // Never taken in: errors for the log.
    await nodeRed.post('/sms', { to: `${NUMBER}${NUMBER}${NUMBER}`, text: TEXT });
    await nodeRed.post('/sms', { to: `45${NUMBER}`, text: TEXT, from: `${TEXT} ${PASSWORD}` });
    await nodeRed.post('/sms', { to: `45${NUMBER}\0`, text: FORGED, encoding: FORGED });
    await nodeRed.post('/sms', { node: 2, to: `45${NUMBER}`, text: TEXT });
    await nodeRed.post('/sms', { node: 1, to: `45${NUMBER}`, text: TEXT });
    await nodeRed.report('caught');
    // Accepted with a receipt, and refused by the gateway.
    await nodeRed.post('/sms', { node: 3, to: `45${NUMBER}`, text: TEXT });
    await nodeRed.post('/sms', {
      to: `45${NUMBER}`,
      text: `${TEXT} æøå ${'x'.repeat(200)}`,
      correlation: { order: 7 },
    });
    await nodeRed.report('result', (outcome) => outcome === 'accepted');
    await nodeRed.report('receipt', (state) => state === 'DELIVRD');
    await nodeRed.post('/sms', { to: `45${NUMBER.slice(0, -2)}60`, text: TEXT });
    await nodeRed.report('result', (outcome) => outcome === 'rejected');
    // From outside: an SMS, one that would forge a log, half of a long one, and a loss of the connection.
    await simulator.incoming({ from: `45${PHONE}`, to: '1204', text: TEXT });
    await simulator.incoming({ from: `45${PHONE}`, to: '1204', text: FORGED });
    await nodeRed.report('incoming');
    await simulator.kill(0);
    await nodeRed.report<Status>('status', ({ text }) => text.includes('dk') || text.includes('127.0.0.1'));
  }

  function assertNone(text: string, canaries: readonly string[] = [...CANARIES, LONG_PASSWORD]): void {
    assert.deepEqual(
      canaries.filter((canary) => text.includes(canary)),
      [],
    );
  }

  it('was alive: its errors stand in the log', () => {
    assert.match(nodeRed.output, /\[error\] \[smpp-send:/);
  });

  it('has none in its log at level trace', () => {
    assertNone(nodeRed.output);
  });

  it('has no control character in its log', () => {
    const lines = nodeRed.output.split('\n').filter((line) => CONTROL.test(line));
    assert.deepEqual(lines, []);
  });

  it('has none in a status, or in an error that a Catch node gets', () => {
    assertNone(nodeRed.reported);
  });

  for (const route of ['flows', 'nodes', 'settings', 'diagnostics', 'flow/tab', 'context/global']) {
    it(`has none in the answer to GET /${route}, nor its account`, () => {
      assertNone(answers.get(route)!, [...CANARIES, LONG_PASSWORD, ACCOUNT]);
    });
  }

  it('tells the editor that there is a password, and not which', () => {
    const told = JSON.parse(answers.get('credentials/inmobile-connection/connection')!) as object;
    assert.deepEqual(told, { systemId: ACCOUNT, has_password: true });
  });

  for (const file of ['flows.json', 'flows_cred.json']) {
    it(`has none in ${file}`, () => {
      assertNone(readFileSync(path.join(userDir, file), 'utf8'), [...CANARIES, LONG_PASSWORD, ACCOUNT]);
    });
  }

  it('listens on nothing but the editor of Node-RED, with the simulator in process too', () => {
    assert.deepEqual(
      nodeRed.listening.map(({ address }) => address),
      ['127.0.0.1'],
    );
  });
});
