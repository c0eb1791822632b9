/** A peer that sends more than anybody reads: what waits in memory is bounded, and nobody else starves. */
import assert from 'node:assert/strict';
import { duplexPair, type Duplex } from 'node:stream';
import { SHORT_SENDER } from '../../../lib/address-type.js';
import { SessionDriver, type SessionEnd } from '../../../lib/connection/session-driver.js';
import { Framer } from '../../../lib/pdu/framer.js';
import { DEFAULT_TIMERS } from '../../../lib/timers.js';
import { bindResp, deliverSm, enquireLink, header } from '../../lib/session/builders.js';
import { failingTest } from '../../support/fault.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

/** In memory for a peer that takes no answers: a bound on them, and what one more chunk asks for. */
const UNREAD_MAX = 1024 * 1024 + 64 * 1024;
const FLOOD = 200_000;
const CHUNK = 1_000;

interface Flooded {
  readonly ours: Duplex;
  readonly theirs: Duplex;
  readonly clock: FakeClock;
  readonly end: () => SessionEnd | undefined;
  readonly deliveries: () => number;
}

/** A bound session whose peer reads nothing more. */
async function flooded(): Promise<Flooded> {
  const [ours, theirs] = duplexPair();
  const clock = new FakeClock();
  let end: SessionEnd | undefined;
  let deliveries = 0;
  const session = {
    bind: 'transceiver',
    system_id: 'id',
    password: 'pw',
    system_type: '',
    window: 10,
    shortSender: SHORT_SENDER,
  } as const;
  const driver = new SessionDriver(
    {
      host: 'dk1:2775',
      transport: ours,
      session: { ...session, timers: DEFAULT_TIMERS },
      clock,
      onFault: failingTest,
    },
    {
      bound: () => undefined,
      leaving: () => undefined,
      ready: () => undefined,
      answersRead: () => undefined,
      ignored: () => undefined,
      delivery: (_delivery, respond) => {
        deliveries += 1;
        respond(0);
      },
      closed: (ended) => (end = ended),
    },
  );
  driver.start();
  theirs.write(bindResp(1));
  await settle();
  return { ours, theirs, clock, end: () => end, deliveries: () => deliveries };
}

/** Writes until the stream takes no more, or all is written; the greatest number of octets that waited for the peer. */
async function flood({ ours, theirs }: Flooded, make: (sequence: number) => Buffer): Promise<number> {
  let greatest = 0;
  for (let sequence = 1; sequence <= FLOOD; sequence += CHUNK) {
    theirs.write(Buffer.concat(Array.from({ length: CHUNK }, (_, index) => make(sequence + index))));
    await new Promise((resolve) => setImmediate(resolve));
    greatest = Math.max(greatest, ours.writableLength);
  }
  return greatest;
}

const FLOODS: readonly (readonly [string, (sequence: number) => Buffer])[] = [
  ['enquire_link', enquireLink],
  ['deliver_sm', (sequence) => deliverSm(sequence)],
  ['an unknown command', (sequence) => header(0x0fff, sequence)],
];

describe(`a peer that sends ${FLOOD} PDUs and reads no answer`, () => {
  for (const [what, make] of FLOODS) {
    it(`of ${what} is no longer read when its answers pile up`, async () => {
      const greatest = await flood(await flooded(), make);
      assert.ok(greatest < UNREAD_MAX, `${greatest} octets waited`);
    });
  }

  it('gets every answer once it reads again', async () => {
    const session = await flooded();
    await flood(session, enquireLink);
    const framer = new Framer();
    let answers = -1; // the first is the bind
    session.theirs.on('data', (chunk: Buffer) => (answers += framer.push(chunk).length));
    while (answers < FLOOD) await settle();
    assert.equal(answers, FLOOD);
  });

  it('is given up as dead when it reads nothing for as long as a silent one', async () => {
    const session = await flooded();
    await flood(session, enquireLink);
    await session.clock.advance(DEFAULT_TIMERS.enquireLinkMs + DEFAULT_TIMERS.enquireLinkAnswerMs);
    assert.equal(session.end()?.reason, 'dead');
  });
});

describe('a flood of enquire_link in one turn', () => {
  it('does not keep deliver_sm behind it from being read', async () => {
    const session = await flooded();
    session.theirs.resume();
    await flood(session, enquireLink);
    session.theirs.write(deliverSm(1));
    await settle();
    assert.equal(session.deliveries(), 1);
  });
});
