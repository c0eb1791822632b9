import assert from 'node:assert/strict';
import { duplexPair, type Duplex } from 'node:stream';
import smpp from 'smpp';

import { SHORT_SENDER } from '../../../lib/address-type.js';
import {
  SessionDriver,
  type DriverListener,
  type SessionEnd,
} from '../../../lib/connection/session-driver.js';
import { encodeAll } from '../../../lib/pdu/encode.js';
import type { Pdu } from '../../../lib/pdu/pdu.js';
import type { Answer } from '../../../lib/link.js';
import type { Delivery } from '../../../lib/message.js';
import { STATUS } from '../../../lib/pdu/command-status.js';
import { DEFAULT_TIMERS } from '../../../lib/timers.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { aDeliverSm, segments } from '../session/builders.js';
import { wordFor } from '../../support/fake-link.js';
import { FakeHost, FakePeer } from './fake-gateway.js';

interface Driven {
  readonly driver: SessionDriver;
  readonly clock: FakeClock;
  readonly events: string[];
  readonly answers: string[];
  readonly deliveries: { delivery: Delivery; respond: (status: number) => void }[];
  readonly end: () => SessionEnd | undefined;
  readonly settleOne: (index: number, answer: Answer) => void;
  /** What handlers threw. */
  readonly faults: string[];
  onReady: () => void;
  /** What each handler does besides. */
  onEvent: (event: string) => void;
}

function drive(transport: Duplex, window = 10): Driven {
  const clock = new FakeClock();
  const events: string[] = [];
  const answers: string[] = [];
  const deliveries: Driven['deliveries'] = [];
  const faults: string[] = [];
  const happened = (event: string) => {
    events.push(event);
    driven.onEvent(event);
  };
  let ended: SessionEnd | undefined;
  const listener: DriverListener = {
    bound: () => happened('bound'),
    leaving: (isPeersWish) => happened(isPeersWish ? 'dismissed' : 'leaving'),
    ready: () => {
      happened('ready');
      driven.onReady();
    },
    delivery: (delivery, respond) => {
      deliveries.push({ delivery, respond });
      driven.onEvent('delivery');
    },
    answersRead: (upTo) => happened(`read ${upTo}`),
    ignored: () => happened('ignored'),
    closed: (end) => {
      ended = end;
      happened('closed');
    },
  };
  const session = {
    bind: 'transceiver',
    system_id: 'tester',
    password: 'secret',
    system_type: '',
    window,
    shortSender: SHORT_SENDER,
    timers: DEFAULT_TIMERS,
  } as const;
  const onFault = (what: string, error: unknown) => faults.push(`${what}: ${String(error)}`);
  const driver = new SessionDriver({ host: 'dk1:2775', transport, session, clock, onFault }, listener);
  const driven: Driven = {
    driver,
    clock,
    events,
    answers,
    deliveries,
    faults,
    end: () => ended,
    settleOne: (index, answer) => {
      answers.push(`${index} ${wordFor(answer)}`);
      driven.onEvent('answer');
    },
    onReady: () => undefined,
    onEvent: () => undefined,
  };
  return driven;
}

/** A driver bound to a peer of ours in memory. */
async function bound(window = 10): Promise<Driven & { peer: FakePeer; host: FakeHost; ours: Duplex }> {
  const [ours, theirs] = duplexPair();
  const host = new FakeHost();
  const peer = new FakePeer(host, theirs);
  const driven = drive(ours, window);
  driven.driver.start();
  await settle();
  return Object.assign(driven, { peer, host, ours });
}

describe('SessionDriver', () => {
  it('says nothing and writes nothing before it is started', async () => {
    const [ours, theirs] = duplexPair();
    const peer = new FakePeer(new FakeHost(), theirs);
    const { events } = drive(ours);
    await settle();
    assert.deepEqual([events, peer.received], [[], []]);
  });

  it('binds, and is a link with the capacity of its window', async () => {
    const { events, driver } = await bound();
    assert.deepEqual([events, driver.capacity, driver.host], [['bound'], 10, 'dk1:2775']);
  });

  it('writes what one turn of the event loop submits in one write', async () => {
    const { driver, ours, settleOne } = await bound(100);
    const writes = countWrites(ours);
    for (let call = 0; call < 5; call++) driver.submit(segments(3), settleOne);
    await settle();
    assert.equal(writes(), 1);
  });

  it('adds what the outbox submits when capacity has come free to the write of that turn', async () => {
    const driven = await bound(2);
    const writes = countWrites(driven.ours);
    driven.host.submitStatus = undefined;
    driven.driver.submit(segments(2), driven.settleOne);
    await settle();
    driven.onReady = () => driven.driver.submit(segments(1), driven.settleOne);
    driven.peer.transport.write(encodeAll([accepted(2), { command: 'enquire_link', sequence_number: 7 }]));
    await settle();
    assert.equal(writes(), 2);
    assert.deepEqual(driven.peer.commands().slice(-2), ['enquire_link_resp', 'submit_sm']);
  });

  it('tells once a turn that capacity has come free', async () => {
    const { driver, host, peer, events, settleOne } = await bound();
    host.submitStatus = undefined;
    driver.submit(segments(5), settleOne);
    await settle();
    peer.transport.write(encodeAll([2, 3, 4, 5, 6].map(accepted)));
    await settle();
    assert.deepEqual(events, ['bound', 'ready']);
  });

  it('settles each segment once, after submit has returned', async () => {
    const { driver, answers, settleOne } = await bound();
    driver.submit([...segments(2), { ...segments(1)[0]!, to: '1'.repeat(30) }], settleOne);
    assert.deepEqual(answers, []);
    await settle();
    assert.deepEqual(answers.sort(), ['0 0', '1 0', '2 194']);
  });

  it('settles what is beyond its capacity as never written', async () => {
    const { driver, answers, settleOne } = await bound(2);
    driver.submit(segments(3), settleOne);
    assert.deepEqual(answers, []);
    await settle();
    assert.deepEqual(answers.sort(), ['0 0', '1 0', '2 unwritten']);
  });

  it('knows what was written when the connection is lost', async () => {
    const { driver, host, ours, answers, settleOne } = await bound();
    host.submitStatus = undefined;
    driver.submit(segments(1), settleOne);
    await settle();
    driver.submit(segments(1), settleOne);
    ours.destroy();
    await settle();
    assert.deepEqual(answers, ['0 written', '0 unwritten']);
    assert.equal(driver.capacity, 0);
  });

  it('takes answers that came before the end of the connection', async () => {
    const { driver, host, peer, answers, settleOne, end } = await bound();
    host.submitStatus = undefined;
    driver.submit(segments(2), settleOne);
    await settle();
    peer.send(accepted(2));
    peer.transport.end();
    await settle();
    assert.deepEqual(answers, ['0 0', '1 written']);
    assert.equal(end()?.reason, 'disconnected');
  });

  it('unbinds and closes when it is told to leave', async () => {
    const { driver, peer, ours, end } = await bound();
    driver.leave();
    await settle();
    assert.deepEqual(peer.commands(), ['bind_transceiver', 'unbind']);
    assert.equal(end()?.reason, 'left');
    assert.equal(ours.destroyed, true);
  });

  it('cuts a peer off that does not close after unbind', async () => {
    const { driver, peer, ours, clock } = await bound();
    peer.transport.removeAllListeners('end');
    peer.transport.end = () => peer.transport;
    driver.leave();
    await settle();
    assert.equal(ours.destroyed, false);
    await clock.advance(DEFAULT_TIMERS.unbindMs);
    assert.equal(ours.destroyed, true);
  });

  it('reports an error of the transport with its end', async () => {
    const { ours, end } = await bound();
    ours.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    await settle();
    assert.equal((end()?.cause as NodeJS.ErrnoException | undefined)?.code, 'ECONNRESET');
  });

  it('ends with a transport that throws where it is written to', async () => {
    const { driver, ours, answers, settleOne, end } = await bound();
    ours._write = () => {
      throw new Error('no such device');
    };
    driver.submit(segments(1), settleOne);
    await settle();
    assert.deepEqual(answers, ['0 written']);
    assert.equal(end()?.cause?.message, 'no such device');
  });

  it('ends when the transport had ended before it was started', async () => {
    const [ours] = duplexPair();
    ours.destroy();
    const { driver, events } = drive(ours);
    driver.start();
    await settle();
    assert.deepEqual(events, ['closed']);
  });

  it('asks a silent peer, and ends when it stays silent', async () => {
    const { peer, clock, end } = await bound();
    peer.transport.removeAllListeners('data');
    peer.transport.resume();
    await clock.advance(19_999);
    assert.equal(end(), undefined);
    await clock.advance(1);
    assert.equal(end()?.reason, 'dead');
  });

  it('lets octets that are in the socket already count before a deadline does', async () => {
    const { driver, host, peer, clock, answers, settleOne, end } = await bound();
    host.submitStatus = undefined;
    driver.submit(segments(1), settleOne);
    await settle();
    peer.transport.removeAllListeners('data'); // so that enquire_link is not answered either
    peer.transport.resume();
    // As after a long block: the answer is read in the turn after the one in which the timer ran.
    const after = clock.after.bind(clock);
    clock.after = (delayMs, run) =>
      after(delayMs, () => {
        run();
        if (clock.now() >= 16_000) setImmediate(() => peer.send(accepted(2)));
      });
    await clock.advance(15_000);
    assert.deepEqual([answers, end()], [['0 0'], undefined]);
  });

  it('gives up the one submit_sm that a live peer leaves unanswered, and takes its answer later', async () => {
    const { driver, host, peer, clock, answers, events, settleOne } = await bound(1);
    host.submitStatus = undefined;
    driver.submit(segments(1), settleOne);
    await clock.advance(30_000);
    assert.deepEqual([answers, driver.capacity], [['0 overdue'], 1]);
    assert.deepEqual(events, ['bound', 'ready']);
    peer.send(accepted(2));
    await settle();
    assert.deepEqual(answers, ['0 overdue', '0 0']);
  });

  it('stops reading at 1000 unanswered deliver_sm, goes on at half, and does not blame the peer', async () => {
    const { peer, ours, deliveries, clock, end } = await bound();
    const flood = Array.from({ length: 1_500 }, (_, index) => aDeliverSm(index + 1, 'x'.repeat(100)));
    for (let at = 0; at < flood.length; at += 100) peer.transport.write(encodeAll(flood.slice(at, at + 100)));
    await settle();
    assert.equal(ours.isPaused(), true);
    assert.ok(deliveries.length >= 1_000 && deliveries.length < 1_200, String(deliveries.length));
    await clock.advance(120_000);
    assert.equal(end(), undefined);
    for (const { respond } of deliveries.splice(0, 600)) respond(0);
    await settle();
    assert.equal(ours.isPaused(), false);
    for (const { respond } of deliveries) respond(0);
    await settle();
    assert.equal(peer.commands().filter((command) => command === 'deliver_sm_resp').length, 1_500);
  });

  it('answers a deliver_sm once, however often it is told to', async () => {
    const { peer, deliveries } = await bound();
    peer.send(aDeliverSm(5));
    await settle();
    deliveries[0]!.respond(0);
    deliveries[0]!.respond(8);
    await settle();
    assert.deepEqual(peer.commands().slice(1), ['deliver_sm_resp']);
  });
});

describe('SessionDriver · with a handler that throws', () => {
  const throwing = (driven: Driven, ...events: readonly string[]) => {
    driven.onEvent = (event) => {
      if (events.includes(event)) throw new Error(event);
    };
  };

  it('asks for its deliver_sm again, says so, and goes on', async () => {
    const driven = await bound();
    throwing(driven, 'delivery');
    driven.peer.send(aDeliverSm(5));
    await settle();
    driven.onEvent = () => undefined;
    driven.peer.send(aDeliverSm(6));
    await settle();
    driven.deliveries[1]!.respond(0);
    await settle();
    assert.deepEqual(driven.peer.answers('deliver_sm_resp'), [
      [5, STATUS.ESME_RX_T_APPN],
      [6, 0],
    ]);
    assert.deepEqual(driven.faults, [
      'a deliver_sm could not be handled; the gateway delivers it again: Error: delivery',
    ]);
  });

  it('answers a deliver_sm once that was answered before', async () => {
    const driven = await bound();
    driven.onEvent = () => {
      driven.deliveries[0]!.respond(0);
      throw new Error();
    };
    driven.peer.send(aDeliverSm(5));
    await settle();
    assert.deepEqual(driven.peer.answers('deliver_sm_resp'), [[5, 0]]);
  });

  it('takes what came in the same octets', async () => {
    const driven = await bound();
    driven.host.submitStatus = undefined;
    driven.driver.submit(segments(2), driven.settleOne);
    await settle();
    throwing(driven, 'delivery', 'answer', 'ready');
    driven.peer.transport.write(encodeAll([aDeliverSm(5), accepted(2), accepted(3), aDeliverSm(6)]));
    await settle();
    assert.deepEqual(
      [driven.answers, driven.deliveries.length, driven.driver.underWay],
      [['0 0', '1 0'], 2, 0],
    );
  });

  it('still writes what it has, and tells of room again', async () => {
    const driven = await bound();
    throwing(driven, 'ready');
    driven.driver.submit(segments(1), driven.settleOne);
    await settle();
    driven.driver.submit(segments(1), driven.settleOne);
    await settle();
    assert.deepEqual(
      [driven.answers, driven.events],
      [
        ['0 0', '0 0'],
        ['bound', 'ready', 'ready'],
      ],
    );
  });

  it('settles each segment that never left', async () => {
    const driven = await bound(2);
    throwing(driven, 'answer');
    driven.driver.submit(segments(4), driven.settleOne);
    await settle();
    assert.deepEqual(driven.answers.sort(), ['0 0', '1 0', '2 unwritten', '3 unwritten']);
  });

  it('settles all that was under way as the connection is lost, and says that it is', async () => {
    const driven = await bound();
    driven.host.submitStatus = undefined;
    driven.driver.submit(segments(2), driven.settleOne);
    await settle();
    throwing(driven, 'answer', 'closed');
    driven.ours.destroy();
    await settle();
    assert.deepEqual(
      [driven.answers, driven.events],
      [
        ['0 written', '1 written'],
        ['bound', 'closed'],
      ],
    );
  });

  for (const event of ['bound', 'leaving', 'dismissed', 'ignored', 'closed']) {
    it(`comes to its end all the same when that is for ${event}`, async () => {
      const [ours, theirs] = duplexPair();
      const peer = new FakePeer(new FakeHost(), theirs);
      const driven = drive(ours);
      throwing(driven, event);
      driven.driver.start();
      await settle();
      peer.send({ command: 'unbind_resp', sequence_number: 99, command_status: 0 });
      await settle();
      if (event === 'dismissed') peer.send({ command: 'unbind', sequence_number: 9 });
      else driven.driver.leave();
      await settle();
      theirs.end();
      await settle();
      assert.deepEqual(
        driven.faults.map((fault) => fault.split(': ').at(-1)),
        [event],
      );
      assert.equal(driven.events.at(-1), 'closed');
      assert.equal(ours.destroyed, true);
    });
  }

  it('ends a session that cannot read what the transport gives it', async () => {
    const driven = await bound();
    driven.ours.emit('data', 'text');
    await settle();
    assert.deepEqual([driven.events, driven.ours.destroyed], [['bound', 'closed'], true]);
    assert.match(driven.faults[0] ?? '', /^what the gateway sent could not be read: the session ends: /);
  });

  it('closes a transport that cannot be closed, as far as its listener is to know', async () => {
    const driven = await bound();
    driven.ours.end = () => {
      throw new Error('no such device');
    };
    driven.driver.leave();
    await settle();
    assert.equal(driven.events.at(-1), 'closed');
  });
});

describe('SessionDriver · against the npm package smpp', () => {
  it('binds, submits, takes a receipt and unbinds', async () => {
    const [ours, theirs] = duplexPair();
    const driven = drive(ours);
    const seen: string[] = [];
    const peer = new smpp.Session({ socket: theirs });
    peer.on('error', () => undefined);
    peer.on('pdu', (pdu: smpp.PDU) => {
      seen.push(pdu.command);
      if (!pdu.isResponse()) peer.send(pdu.response({ message_id: 'ble50673' }));
      if (pdu.command === 'submit_sm') {
        peer.deliver_sm({
          source_addr: '45',
          destination_addr: '46',
          esm_class: 4,
          short_message: 'id:ble50673',
        });
      }
    });
    driven.driver.start();
    await settle();
    driven.driver.submit(segments(2), driven.settleOne);
    await settle();
    for (const { respond } of driven.deliveries) respond(0);
    driven.driver.leave();
    await settle();
    assert.deepEqual(seen, [
      'bind_transceiver',
      'submit_sm',
      'submit_sm',
      'deliver_sm_resp',
      'deliver_sm_resp',
      'unbind',
    ]);
    assert.deepEqual(driven.answers, ['0 0', '1 0']);
    assert.deepEqual(
      driven.deliveries.map(({ delivery }) => [delivery.kind, Buffer.from(delivery.octets).toString()]),
      [
        ['receipt', 'id:ble50673'],
        ['receipt', 'id:ble50673'],
      ],
    );
    assert.equal(driven.end()?.reason, 'left');
  });
});

function accepted(sequence_number: number): Pdu {
  return { command: 'submit_sm_resp', sequence_number, command_status: 0, message_id: 'x' };
}

function countWrites(transport: Duplex): () => number {
  let writes = 0;
  const write = transport.write.bind(transport) as (chunk: Buffer) => boolean;
  transport.write = ((chunk: Buffer) => {
    writes += 1;
    return write(chunk);
  }) as typeof transport.write;
  return () => writes;
}
