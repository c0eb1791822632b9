/** Words from outside (a peer's, a transport's, a listener's) on their way to a log line, a status or an error. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { asSmppError, SmppError } from '../../lib/errors.js';
import { createGateway, type GatewayOptions } from '../../lib/gateway.js';
import type { GatewayStatus } from '../../lib/message.js';
import { createSimulator } from '../../lib/simulator/simulator.js';
import { bindResp } from '../lib/session/builders.js';
import { statusWhere } from '../support/over-tls.js';
import { deliverSm, HOSTILE_PDUS } from './wire/hostile-pdus.js';

/** Clears a terminal, forges a line, turns the writing direction, ends a line in three more ways. */
const FORGED = 'gone\x1b[2J\x07\r\n[error] forged\x85line\u2028\u2029 \u202Etxt.exe\u2066\u200f\x9b31m\0end';

/** C0, DEL, C1, line and paragraph separators, marks of writing direction. */
const CONTROL = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const clean = (texts: readonly string[]): void =>
  assert.deepEqual(
    texts.filter((text) => CONTROL.test(text)),
    [],
  );

const errorsOf = ({ error, links }: GatewayStatus): string[] =>
  [error, ...links.map((link) => link.error)].flatMap((one) => (one === undefined ? [] : [one.message]));

/** Log lines and the first status with an error, of a gateway that runs until then. */
async function outputOf(
  options: Partial<GatewayOptions>,
): Promise<{ lines: string[]; status: GatewayStatus }> {
  const lines: string[] = [];
  const gateway = createGateway({
    systemId: 'id',
    password: 'pw',
    log: (_level, line) => lines.push(line),
    ...options,
  });
  await gateway.start();
  const status = await statusWhere(gateway, ({ error, links }) => (error ?? links[0]?.error) !== undefined);
  await gateway.stop();
  return { lines, status };
}

describe('an SmppError', () => {
  it('has no control character of another error in its message', () => {
    clean([
      asSmppError(new Error(FORGED), 'SMPP_CONNECT').message,
      new SmppError('SMPP_BIND', FORGED).message,
    ]);
  });

  it('keeps the words of the other error', () => {
    assert.match(asSmppError(new Error(FORGED), 'SMPP_CONNECT').message, /^gone.*forged.*end$/);
  });

  it('is no longer than a line that somebody reads', () => {
    assert.ok(asSmppError(new Error('x'.repeat(10_000_000)), 'SMPP_CONNECT').message.length <= 1_000);
  });
});

describe('a transport that fails with forged words', () => {
  it('comes to log and status without a control character', async () => {
    const { lines, status } = await outputOf({ connect: () => Promise.reject(new Error(FORGED)) });
    assert.ok(lines.length > 0);
    clean([...lines, ...errorsOf(status)]);
  });
});

describe('a peer that sends forged words', () => {
  it('comes to log and status without a control character', async () => {
    const hostile = HOSTILE_PDUS.filter(({ fate }) => fate !== 'ended').map(({ octets }) => octets);
    const forged = Buffer.from(FORGED, 'latin1');
    const receipt = deliverSm({
      esmClass: '04',
      message: `${forged.length.toString(16)} ${forged.toString('hex')}`,
    });
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.end(Buffer.concat([bindResp(1), receipt, ...hostile, Buffer.alloc(16)]));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { lines, status } = await outputOf({ hosts: [{ host: '127.0.0.1', port }], tls: false });
    server.close();
    assert.ok(lines.some((line) => line.includes('sent something odd')));
    clean([...lines, ...errorsOf(status)]);
  });

  it('that refuses the bind with a status of its own comes to log and status as a number', async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(bindResp(1, 0x4ff)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { lines, status } = await outputOf({ hosts: [{ host: '127.0.0.1', port }], tls: false });
    server.close();
    clean([...lines, ...errorsOf(status)]);
  });
});

describe('a listener that fails with forged words', () => {
  it('is named in the log by its class, without a control character', async () => {
    const failure = new Error(FORGED);
    failure.name = FORGED;
    const lines: string[] = [];
    const simulator = createSimulator({ receiptDelayMs: 0 });
    const logged = new Promise<void>((resolve) => {
      const gateway = createGateway({
        systemId: 'id',
        password: 'pw',
        connect: simulator.connect,
        log: (_level, line) => {
          lines.push(line);
          if (line.includes('forged'))
            void gateway
              .stop()
              .then(() => simulator.stop())
              .then(resolve);
        },
      });
      gateway.onSettled(() => Promise.reject(failure));
      void gateway.start().then(() => gateway.enqueue({ to: '4512345678', from: 'us', text: 'x' }));
    });
    await logged;
    clean(lines);
  });
});
