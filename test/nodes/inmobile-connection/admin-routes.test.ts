import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startNodeRed, type NodeRedProcess } from '../../support/node-red-process.js';
import { connection, send, TAB } from '../flow.js';

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
    writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify([TAB, connection(), send()]));
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
        /^inmobile_smpp_binds_total\{connection="connection",name=""\} \d+$/m,
      );
    });

    it('has no other verb', async () => {
      assert.equal((await ask('writer', 'metrics', { method: 'POST' })).status, 404);
    });
  });

  describe('and its connection doctor', () => {
    const json = { 'Content-Type': 'application/json' };
    const editor = { ...json, 'X-Requested-With': 'XMLHttpRequest' };
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

    it('has no other verb', async () => {
      assert.equal((await ask('writer', 'doctor')).status, 404);
    });

    it('answers the editor of who may change nodes', async () => {
      const answer = await post('writer', editor);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      const { hosts } = (await answer.json()) as { readonly hosts: readonly object[] };
      assert.equal(hosts.length, 2);
    });
  });
});
