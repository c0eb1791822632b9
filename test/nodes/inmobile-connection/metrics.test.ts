import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { GatewayStatus } from '../../../lib/message.js';
import { metricsPage } from '../../../nodes/inmobile-connection/metrics.js';
import { startNodeRed, type NodeRedProcess } from '../../support/node-red-process.js';
import { connection, send, TAB } from '../flow.js';

const ROOT = path.resolve(__dirname, '..', '..', '..');

const STATUS: GatewayStatus = {
  state: 'connected',
  since: 0,
  onFirstHost: true,
  links: [
    {
      host: 'smpp-dk1.inmobile.dk:2775',
      name: 'dk1',
      bind: 'transceiver',
      state: 'bound',
      since: 0,
      underWay: 3,
      window: 10,
      certificateExpiresAt: 1_800_000_000_000,
    },
    {
      host: 'smpp-dk2.inmobile.dk:2775',
      name: 'dk2',
      bind: 'transceiver',
      state: 'waiting',
      since: 0,
      underWay: 0,
      window: 10,
    },
  ],
  queue: { alarm: 1, normal: 2, bulk: 0, scheduled: 1, underWay: 3 },
  counters: {
    queued: 9,
    submitted: 8,
    accepted: 7,
    rejected: 0,
    uncertain: 0,
    expired: 0,
    cancelled: 0,
    possibleDuplicates: 4,
    receipts: 6,
    delivered: 5,
    incoming: 0,
    binds: 1,
  },
};

/** One line of the text format: a comment, or a sample with its labels and a number. */
const LINE =
  /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{[a-z_]+="([^"\\\n]|\\[\\n"])*"(,[a-z_]+="([^"\\\n]|\\[\\n"])*")*\} -?\d+(\.\d+)?)$/;

describe('the metrics page', () => {
  it('has every counter and gauge of a connection, each introduced once', () => {
    const lines = metricsPage([{ id: 'a1', name: 'Main', status: STATUS }])
      .trimEnd()
      .split('\n');
    const connection = 'connection="a1",name="Main"';
    for (const expected of [
      '# TYPE inmobile_smpp_possible_duplicates_total counter',
      `inmobile_smpp_possible_duplicates_total{${connection}} 4`,
      `inmobile_smpp_submitted_total{${connection}} 8`,
      `inmobile_smpp_connected{${connection}} 1`,
      `inmobile_smpp_queue{${connection},priority="alarm"} 1`,
      `inmobile_smpp_queue_under_way{${connection}} 3`,
      `inmobile_smpp_link_bound{${connection},host="smpp-dk2.inmobile.dk:2775",bind="transceiver"} 0`,
      `inmobile_smpp_link_certificate_expires_timestamp_seconds{${connection},host="smpp-dk1.inmobile.dk:2775",bind="transceiver"} 1800000000`,
    ]) {
      assert.equal(lines.filter((line) => line === expected).length, 1, expected);
    }
  });

  it('keeps the samples of a metric together, whatever the names of the connections', () => {
    const page = metricsPage([
      { id: 'a1', name: 'a "quoted"\nname\\', status: STATUS },
      { id: 'a2', name: '', status: STATUS },
    ]);
    assert.ok(page.endsWith('\n'));
    const lines = page.trimEnd().split('\n');
    assert.deepEqual(
      lines.filter((line) => !LINE.test(line)),
      [],
    );
    const metrics = lines.map((line) => /inmobile_[a-z_]+/.exec(line)?.[0]);
    const runs = metrics.filter((metric, index) => metric !== metrics[index - 1]);
    assert.equal(new Set(runs).size, runs.length);
  });

  it('is empty of samples without a connection', () => {
    assert.ok(!metricsPage([]).includes('{'));
  });
});

const AUTH = `{
  flowFile: 'flows.json',
  httpAdminRoot: '/admin',
  adminAuth: {
    type: 'credentials',
    users: async (username) => ({ username, permissions: username === 'reader' ? 'read' : 'flows.read' }),
    authenticate: async (username) => ({ username, permissions: username === 'reader' ? 'read' : 'flows.read' }),
  },
}`;

describe('the metrics route of a Node-RED with users', function () {
  this.timeout(120_000);
  let userDir: string;
  let nodeRed: NodeRedProcess;
  let url: string;

  before(async () => {
    userDir = mkdtempSync(path.join(tmpdir(), 'smpp-metrics-'));
    mkdirSync(path.join(userDir, 'node_modules', '@node-red-smpp'), { recursive: true });
    symlinkSync(ROOT, path.join(userDir, 'node_modules', '@node-red-smpp', 'inmobile'), 'junction');
    const dependencies = { '@node-red-smpp/inmobile': '*' };
    writeFileSync(path.join(userDir, 'package.json'), JSON.stringify({ name: 'user', dependencies }));
    writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify([TAB, connection(), send()]));
    nodeRed = await startNodeRed(userDir, AUTH);
    url = `${nodeRed.address}/admin/inmobile-smpp/metrics`;
  });
  after(async () => {
    await nodeRed.stop();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function tokenOf(username: string): Promise<string> {
    const body = new URLSearchParams({
      client_id: 'node-red-admin',
      grant_type: 'password',
      scope: '',
      username,
      password: 'any',
    });
    const answer = await fetch(`${nodeRed.address}/admin/auth/token`, { method: 'POST', body });
    return ((await answer.json()) as { readonly access_token: string }).access_token;
  }

  async function asked(username: string, method = 'GET'): Promise<Response> {
    return fetch(url, { method, headers: { Authorization: `Bearer ${await tokenOf(username)}` } });
  }

  it('refuses who is nobody', async () => {
    assert.equal((await fetch(url)).status, 401);
  });

  it('refuses who may read the flows only', async () => {
    assert.equal((await asked('stranger')).status, 401);
  });

  it('answers who may read', async () => {
    const answer = await asked('reader');
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain;.*version=0\.0\.4/);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.match(await answer.text(), /^inmobile_smpp_binds_total\{connection="connection",name=""\} \d+$/m);
  });

  it('has no other verb', async () => {
    assert.equal((await asked('reader', 'POST')).status, 404);
  });
});
