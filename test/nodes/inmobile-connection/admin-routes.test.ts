import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FlowNode } from '../../support/node-red-flows.js';
import { startNodeRed, type NodeRedProcess } from '../../support/node-red-process.js';
import type { Overview, QueueView } from '../../../nodes/sidebar/overview.js';
import { connection, ON_TAB, receiver, send, TAB } from '../flow.js';
import { listenTo } from './comms-listener.js';

const ROOT = path.resolve(__dirname, '..', '..', '..');

const PERMISSIONS = { stranger: 'flows.read', reader: 'read', writer: '*' };
const AUTH = `{
  flowFile: 'flows.json',
  httpAdminRoot: '/admin',
  adminAuth: {
    type: 'credentials',
    users: async (username) => ({ username, permissions: (${JSON.stringify(PERMISSIONS)})[username] }),
    authenticate: async (username) => ({ username, permissions: (${JSON.stringify(PERMISSIONS)})[username] }),
  },
}`;

const TEXT = 'canary in a coal mine';
const NUMBER = '4587654321';

/** Takes in an SMS as the flows start, for an hour later. */
function inject(): FlowNode {
  const sendAt = new Date(Date.now() + 3_600_000).toISOString();
  const payload = JSON.stringify({ to: NUMBER, text: TEXT, sendAt });
  const props = [{ p: 'payload', v: payload, vt: 'json' }];
  return { id: 'inject', ...ON_TAB, type: 'inject', once: true, onceDelay: 0.1, props, wires: [['send']] };
}

describe('a Node-RED with users', function () {
  this.timeout(120_000);
  let userDir: string;
  let nodeRed: NodeRedProcess;

  before(async () => {
    userDir = mkdtempSync(path.join(tmpdir(), 'smpp-metrics-'));
    mkdirSync(path.join(userDir, 'node_modules', '@node-red-smpp'), { recursive: true });
    symlinkSync(ROOT, path.join(userDir, 'node_modules', '@node-red-smpp', 'inmobile'), 'junction');
    const dependencies = { '@node-red-smpp/inmobile': '*' };
    writeFileSync(path.join(userDir, 'package.json'), JSON.stringify({ name: 'user', dependencies }));
    const wrong = connection({ id: 'wrong', name: 'Wrong', window: 'many' });
    const flows = [TAB, connection({ name: 'Alarms' }), wrong, send(), receiver(), inject()];
    writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(flows));
    nodeRed = await startNodeRed(userDir, AUTH);
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

  async function ask(
    username: string | undefined,
    path: string,
    request: RequestInit = {},
  ): Promise<Response> {
    const authorization =
      username === undefined ? {} : { Authorization: `Bearer ${await tokenOf(username)}` };
    const headers = { ...(request.headers as Record<string, string> | undefined), ...authorization };
    return fetch(`${nodeRed.address}/admin/inmobile-smpp/${path}`, { ...request, headers });
  }

  describe('and its metrics', () => {
    it('refuses who is nobody', async () => {
      assert.equal((await ask(undefined, 'metrics')).status, 401);
    });

    it('refuses who may read the flows only', async () => {
      assert.equal((await ask('stranger', 'metrics')).status, 401);
    });

    it('answers who may read', async () => {
      const answer = await ask('reader', 'metrics');
      assert.equal(answer.status, 200);
      assert.match(answer.headers.get('content-type') ?? '', /^text\/plain;.*version=0\.0\.4/);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.match(
        await answer.text(),
        /^inmobile_smpp_binds_total\{connection="connection",name="Alarms"\} \d+$/m,
      );
    });

    it('has the series of a connection with wrong settings too', async () => {
      const page = await (await ask('reader', 'metrics')).text();
      assert.match(page, /^inmobile_smpp_cannot_run\{connection="wrong",name="Wrong"\} 1$/m);
      assert.match(page, /^inmobile_smpp_connected\{connection="wrong",name="Wrong"\} 0$/m);
      assert.match(page, /^inmobile_smpp_cannot_run\{connection="connection",name="Alarms"\} 0$/m);
    });

    it('has no other verb', async () => {
      assert.equal((await ask('writer', 'metrics', { method: 'POST' })).status, 404);
    });
  });

  const json = { 'Content-Type': 'application/json' };
  const editor = { ...json, 'X-Requested-With': 'XMLHttpRequest' };

  describe('and its connection doctor', () => {
    const post = (username: string | undefined, headers: Record<string, string>): Promise<Response> =>
      ask(username, 'doctor', { method: 'POST', headers, body: JSON.stringify({ gateway: 'simulator' }) });

    it('refuses who is nobody', async () => {
      assert.equal((await post(undefined, editor)).status, 401);
    });

    it('refuses who may only read', async () => {
      assert.equal((await post('reader', editor)).status, 401);
    });

    it('refuses what a page of another origin can send', async () => {
      assert.equal((await post('writer', { 'Content-Type': 'text/plain' })).status, 403);
      assert.equal((await post('writer', json)).status, 403);
    });

    const OTHERS: Record<string, string>[] = [
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
    ];
    for (const sender of OTHERS) {
      it(`refuses a page of another origin whose preflight Node-RED has answered: ${JSON.stringify(sender)}`, async () => {
        const answer = await post('writer', { ...editor, ...sender });
        assert.equal(answer.status, 403);
        assert.equal(answer.headers.get('access-control-allow-origin'), null);
      });
    }

    it('has no other verb', async () => {
      assert.equal((await ask('writer', 'doctor')).status, 404);
    });

    it('answers the editor of who may change nodes', async () => {
      const answer = await post('writer', { ...editor, Origin: nodeRed.address });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      const { hosts } = (await answer.json()) as { readonly hosts: readonly object[] };
      assert.equal(hosts.length, 2);
    });
  });

  describe('and its sidebar', () => {
    const READS = ['sidebar', 'sidebar/queue?connection=connection'];
    const CHANGES = ['sidebar/cancel', 'sidebar/simulate'];
    const simulation = { connection: 'connection', action: 'restart', host: 'dk2' };

    function post(path: string, body: object, username = 'writer', headers = editor): Promise<Response> {
      return ask(username, path, { method: 'POST', headers, body: JSON.stringify(body) });
    }
    async function overview(): Promise<Overview> {
      return (await (await ask('reader', 'sidebar')).json()) as Overview;
    }
    async function queue(): Promise<QueueView['entries']> {
      const answer = await ask('reader', 'sidebar/queue?connection=connection');
      return ((await answer.json()) as QueueView).entries;
    }

    for (const path of READS) {
      it(`refuses who is nobody, and who may read the flows only, at ${path}`, async () => {
        assert.equal((await ask(undefined, path)).status, 401);
        assert.equal((await ask('stranger', path)).status, 401);
      });
    }

    for (const path of CHANGES) {
      it(`refuses who may only read, another origin and another verb at ${path}`, async () => {
        assert.equal((await post(path, {}, 'reader')).status, 401);
        assert.equal((await post(path, {}, 'writer', { ...json, 'X-Requested-With': '' })).status, 403);
        const plain = { ...editor, 'Content-Type': 'text/plain' };
        assert.equal((await post(path, {}, 'writer', plain)).status, 403);
        assert.equal((await ask('writer', path)).status, 404);
      });
    }

    it('shows who may read every connection, its links, rates and events', async () => {
      const answer = await ask('reader', 'sidebar');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      const { connections } = (await answer.json()) as Overview;
      const [view] = connections;
      assert.deepEqual([connections.length, view?.id, view?.name], [1, 'connection', 'Alarms']);
      assert.deepEqual(
        view?.status.links.map(({ name }) => name),
        ['dk1'],
      );
      assert.equal(view.rates.submitted.length, 120);
      assert.equal(view.events[0]?.kind, 'connecting');
      assert.equal(view.simulator?.throttledTo, 0);
    });

    it('lists the queue with masked numbers, and takes an SMS out for who may change nodes', async () => {
      let entries = await queue();
      while (entries.length === 0) entries = await queue();
      const [{ id, to, state }] = entries as [QueueView['entries'][number]];
      assert.deepEqual([to, state], ['45******21', 'scheduled']);
      const cancel = { connection: 'connection', id };
      assert.equal((await post('sidebar/cancel', cancel)).status, 200);
      assert.equal((await post('sidebar/cancel', cancel)).status, 409);
      assert.equal((await post('sidebar/cancel', { ...cancel, connection: 'gone' })).status, 404);
      assert.deepEqual(await queue(), []);
      assert.equal((await overview()).connections[0]?.status.counters.cancelled, 1);
    });

    it('restarts a host of the simulator, and says that it does', async () => {
      assert.equal((await post('sidebar/simulate', simulation)).status, 200);
      assert.equal((await post('sidebar/simulate', simulation)).status, 409);
      const [view] = (await overview()).connections;
      assert.deepEqual(view?.simulator?.hosts[1], { name: 'dk2', isRestarting: true, isSilent: false });
      assert.equal((await post('sidebar/simulate', { ...simulation, host: 'dk3' })).status, 400);
      assert.equal((await post('sidebar/simulate', { connection: 'connection' })).status, 400);
      assert.equal((await post('sidebar/simulate', { ...simulation, connection: 'gone' })).status, 404);
    });

    it('lets no text and no number out, neither in an answer nor to who listens to the editor', async () => {
      const comms = await listenTo(`${nodeRed.address}/admin/comms`, await tokenOf('reader'));
      const incoming = { connection: 'connection', action: 'incoming', from: NUMBER, to: '1245', text: TEXT };
      const answers = [await post('sidebar/simulate', incoming)];
      assert.equal(answers[0]?.status, 200);
      while ((await overview()).connections[0]?.status.counters.incoming === 0) {
        answers.push(await ask('reader', 'sidebar/queue?connection=connection'));
      }
      answers.push(await ask('reader', 'sidebar'));
      const said = [...(await Promise.all(answers.map((answer) => answer.text()))), ...comms.close()].join();
      assert.match(said, /status\/connection/);
      assert.doesNotMatch(said, new RegExp(`${TEXT}|${NUMBER}|${NUMBER.slice(2, -2)}`));
    });

    it('forgets a connection that a deploy has taken away', async () => {
      const headers = { ...json, Authorization: `Bearer ${await tokenOf('writer')}` };
      const body = JSON.stringify([TAB]);
      const deployed = await fetch(`${nodeRed.address}/admin/flows`, { method: 'POST', headers, body });
      assert.equal(deployed.status, 204);
      while ((await overview()).connections.length > 0);
      assert.equal((await ask('reader', 'sidebar/queue?connection=connection')).status, 404);
    });
  });
});
