import assert from 'node:assert/strict';
import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';

import { connectTls } from '../../../lib/connection/tls-connect.js';
import { DEFAULT_TIMERS } from '../../../lib/timers.js';

/** Takes so many connections and no more, until it is told to. */
const SLOW_PEER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(workerData), 0, 0);
  });`;

describe('connectTls · several addresses', () => {
  const { lookup } = dns;
  const open: (() => unknown)[] = [];

  afterEach(async () => {
    dns.lookup = lookup;
    for (const close of open.splice(0)) await close();
  });

  function resolvesTo(...addresses: string[]): void {
    const found = addresses.map((address) => ({ address, family: 4 }));
    dns.lookup = (() => Promise.resolve(found)) as unknown as typeof dns.lookup;
  }

  async function connectPlain(port: number): Promise<string | undefined> {
    const connect = connectTls({ tls: false, timers: DEFAULT_TIMERS, onWarning: () => undefined });
    const transport = await connect('gateway.test', port, new AbortController().signal);
    open.push(() => transport.destroy());
    assert.ok(transport instanceof net.Socket);
    return transport.remoteAddress;
  }

  async function peerPort(): Promise<number> {
    const server = net.createServer().listen(0, '127.0.0.1');
    open.push(() => server.close());
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  it('are tried in order, until one connects', async () => {
    const port = await peerPort();
    resolvesTo('127.0.0.2', '127.0.0.1');
    assert.equal(await connectPlain(port), '127.0.0.1');
  });

  it('are tried though Node is told not to select among them', async () => {
    const before = net.getDefaultAutoSelectFamily();
    net.setDefaultAutoSelectFamily(false);
    open.push(() => net.setDefaultAutoSelectFamily(before));
    const port = await peerPort();
    resolvesTo('127.0.0.1');
    assert.equal(await connectPlain(port), '127.0.0.1');
  });

  it('have the time that a slow network needs', async () => {
    const gate = new SharedArrayBuffer(4);
    const peer = new Worker(SLOW_PEER, { eval: true, workerData: gate });
    open.push(() => peer.terminate());
    const [port] = (await once(peer, 'message')) as [number];
    for (let taken = 0; taken < 2; taken++) {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      open.push(() => socket.destroy());
      await once(socket, 'connect');
    }
    resolvesTo('127.0.0.1', '127.0.0.2');
    const connecting = connectPlain(port);
    const timer = setTimeout(() => {
      Atomics.store(new Int32Array(gate), 0, 1);
      Atomics.notify(new Int32Array(gate), 0);
    }, 500); // longer than the 250 ms that Node would give it
    open.push(() => clearTimeout(timer));
    assert.equal(await connecting, '127.0.0.1');
  });
});
