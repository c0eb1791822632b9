import assert from 'node:assert/strict';
import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

import { connectTls } from '../../../lib/connection/tls-connect.js';
import { DEFAULT_TIMERS } from '../../../lib/timers.js';

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

  it('have more than the second after which a lost packet is sent again, and not all of the time', async () => {
    const { connect } = net;
    open.push(() => (net.connect = connect));
    let asked: net.TcpNetConnectOpts | undefined;
    net.connect = ((options: net.TcpNetConnectOpts) => connect((asked = options))) as typeof net.connect;
    const port = await peerPort();
    resolvesTo('127.0.0.1', '127.0.0.2');
    await connectPlain(port);
    const attemptMs = asked?.autoSelectFamilyAttemptTimeout ?? 0;
    assert.ok(attemptMs > 1_000 && attemptMs <= DEFAULT_TIMERS.connectMs / 2, `${attemptMs} ms`);
  });
});
