/**
 * A child process: the npm package `smpp` used directly, as well as it can be: windowed, without a promise for
 * each message, TCP_NODELAY. With argument `encoded` it gets texts that were encoded beforehand.
 *
 * It keeps nothing, matches nothing and has no timeouts.
 */
import { Socket } from 'node:net';
import * as smpp from 'smpp';
import type { DeliverRun, SubmitRun } from './client.js';
import { LOGIN, type Target } from './target.js';
import { encodedTexts, RECIPIENTS, SENDER, stretch, TEXTS, type Stretch } from './traffic.js';
import { callable } from './worker.js';

const CONTENTS: readonly (string | Buffer)[] = process.argv.includes('encoded') ? encodedTexts() : TEXTS;

let delivered: Promise<Stretch> | undefined;

const methods = {
  async submit({ target, window, forMs }: SubmitRun): Promise<Stretch> {
    const session = await bound(target);
    const measured = stretch();
    const until = performance.now() + forMs;
    let sent = 0;
    let answered = 0;
    await new Promise<void>((resolve) => {
      const next = (): void => {
        const index = sent % TEXTS.length;
        sent += 1;
        session.submit_sm(
          {
            source_addr_ton: 5,
            source_addr_npi: 0,
            source_addr: SENDER,
            dest_addr_ton: 1,
            dest_addr_npi: 1,
            destination_addr: RECIPIENTS[index],
            registered_delivery: 1,
            validity_period: '000001000000000R',
            data_coding: 0,
            short_message: CONTENTS[index],
          },
          taken,
        );
      };
      const taken = (): void => {
        answered += 1;
        if (performance.now() < until) next();
        else if (answered === sent) resolve();
      };
      for (let free = window; free > 0; free--) next();
    });
    const result = measured(answered);
    session.destroy();
    return result;
  },

  /** Connects; the deliveries that follow are decoded and answered until there are `count`. */
  async prepareDeliver({ target, count }: DeliverRun): Promise<void> {
    const session = await bound(target);
    const measured = stretch();
    let answered = 0;
    delivered = new Promise((resolve) => {
      session.on('deliver_sm', (pdu: smpp.PDU) => {
        session.send(pdu.response());
        answered += 1;
        if (answered < count) return;
        resolve(measured(answered));
        // After the answer has left.
        setImmediate(() => session.close());
      });
    });
  },

  /** Resolves when `count` deliveries were decoded and answered. */
  delivered(): Promise<Stretch> | undefined {
    return delivered;
  },
};

function bound({ host, port, ca }: Target): Promise<smpp.Session> {
  return new Promise((resolve, reject) => {
    const session = smpp.connect({ host, port, ca, tls: true }, () => {
      if (session.socket instanceof Socket) session.socket.setNoDelay(true);
      session.bind_transceiver(
        { system_id: LOGIN.systemId, password: LOGIN.password, interface_version: 0x34 },
        () => resolve(session),
      );
    });
    session.on('error', reject);
  });
}

export type NpmClient = typeof methods;

callable(methods);
