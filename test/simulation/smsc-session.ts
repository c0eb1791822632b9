/** One connection as a host of the model sees it: reads PDUs, answers them, delivers. */
import type { Millis } from '../../lib/clock.js';
import { decodePdu } from '../../lib/pdu/decode.js';
import { encodePdu } from '../../lib/pdu/encode.js';
import { Framer } from '../../lib/pdu/framer.js';
import type { Bind, DeliverSm, Pdu, SubmitSm } from '../../lib/pdu/pdu.js';
import { type Flaw, SOURCE_MAX, withFlaw } from './flaws.js';
import type { HostEnd, LossyLink } from './lossy-link.js';
import { checkFollowed } from './check-incoming.js';
import type { Answered, SessionSeen } from './ledger.js';
import type { Outgoing, Receiver } from './smsc-mailbox.js';
import type { SmscHost } from './smsc-host.js';

/** Contract section 4: a client waits 30 s for an answer, by a clock of whole milliseconds. */
const GIVEN_UP_MS: Millis = 29_990;

let lastId = 0;

interface HeldAnswer {
  readonly send: () => void;
  readonly cancel: () => void;
}

export interface LateAnswer {
  readonly afterMs: Millis | undefined;
  readonly sentAt: Millis;
  /** The client has it. */
  readonly arrived: () => void;
}

export class SmscSession implements HostEnd, Receiver {
  readonly id = (lastId += 1);
  readonly #host: SmscHost;
  readonly #link: LossyLink;
  readonly run: number;
  readonly #framer = new Framer();
  #bind: Bind['command'] | undefined;
  #isClosed = false;
  #isLeaving = false;
  #sequence = 0;
  /** deliver_sm without an answer. */
  readonly #delivered = new Map<number, (answer: Answered | undefined) => void>();
  /** PDUs that were read. */
  #read = 0;
  /** Which of them a request was, by its sequence number. */
  readonly #requests = new Map<number, number>();
  readonly seen: SessionSeen;
  /** Answers to submit_sm that are not sent yet. */
  readonly #answers = new Map<number, HeldAnswer>();
  #submitsOpen = 0;
  heardAt: Millis;

  constructor(host: SmscHost, link: LossyLink, run: number) {
    this.#host = host;
    this.#link = link;
    this.run = run;
    this.heardAt = host.service.time.now;
    const { ledger } = host.service;
    this.seen = {
      number: ledger.sessions.length,
      run,
      boundAt: undefined,
      heardBoundAt: undefined,
      isReceiver: false,
      closedAt: () => link.closedAt,
      resumedAt: () => link.resumedAt,
      proofs: [],
      unfollowedSince: undefined,
      enquiredAt: -Infinity,
      enquiryAnsweredAt: -Infinity,
    };
    ledger.sessions.push(this.seen);
  }

  get host(): number {
    return this.#host.index;
  }

  get wasBound(): boolean {
    return this.#bind !== undefined;
  }

  /** It has sent an unbind. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  get isBound(): boolean {
    return this.#bind !== undefined && !this.#isClosed;
  }

  get link(): LossyLink {
    return this.#link;
  }

  /** submit_sm whose answer has not left, as long as the client waits for it. */
  get submitsOpen(): number {
    return this.#submitsOpen;
  }

  receive(octets: Buffer, sentAt: Millis): void {
    if (this.#isClosed) {
      this.#link.lost();
      return;
    }
    this.heardAt = this.#host.service.time.now;
    for (const frame of this.#framer.push(octets)) this.#take(decodePdu(frame), sentAt);
    if (this.#framer.pending > 0) this.#host.service.ledger.saw('cut inside a PDU towards the host');
  }

  /** Idempotent. What was delivered and not answered is delivered again elsewhere. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { cancel } of this.#answers.values()) cancel();
    this.#host.service.mailbox.leave(this);
    this.#host.sessions.delete(this);
    for (const answered of this.#delivered.values()) answered(undefined);
    this.#link.end();
  }

  /** A restart: unbind, then the end. Answers under way are given before it, or never. */
  unbind(answersFirst: boolean, closeAfterMs: Millis): void {
    const { time, ledger } = this.#host.service;
    ledger.saw('unbind from the gateway');
    this.#isLeaving = true;
    this.send({ command: 'unbind', sequence_number: this.#nextSequence() });
    for (const answer of [...this.#answers.values()]) {
      if (!answersFirst) answer.cancel();
      else {
        ledger.saw('answer between unbind and close');
        answer.send();
      }
    }
    time.schedule(closeAfterMs, 'elsewhere', () => this.closed());
  }

  send(pdu: Pdu, arrived?: () => void): void {
    if (this.#isClosed) return;
    const request = isResponse(pdu) ? this.#requests.get(pdu.sequence_number) : undefined;
    const octets = encodePdu(pdu);
    this.#link.send(octets, (upTo) => {
      if (upTo < octets.length) return;
      if (request !== undefined) this.seen.proofs.push({ pdu: request, at: this.#host.service.time.now });
      arrived?.();
    });
  }

  /** All in one chunk. */
  sendDeliveries(deliveries: readonly Outgoing[]): void {
    let length = 0;
    const written = deliveries.map(({ fields, flaw, answered, arrived }) => {
      const sequence_number = this.#nextSequence();
      this.#delivered.set(sequence_number, answered);
      const octets = encodeDelivery({ command: 'deliver_sm', sequence_number, ...fields }, flaw);
      length += octets.length;
      return { octets, end: length, arrived };
    });
    if (this.#isClosed) return;
    let from = 0;
    this.#link.send(Buffer.concat(written.map(({ octets }) => octets)), (upTo) => {
      for (const { end, arrived } of written) if (end > from && end <= upTo) arrived();
      from = upTo;
    });
  }

  /** Answers a submit_sm that was written at `sentAt`, after a while; undefined: never. */
  answerLater(pdu: Pdu, { afterMs, sentAt, arrived }: LateAnswer): void {
    const { time } = this.#host.service;
    this.#submitsOpen += 1;
    const notOpen = (): void => {
      cancelGivingUp();
      this.#submitsOpen -= 1;
    };
    const waitedMs = time.now - sentAt;
    const cancelGivingUp = time.schedule(Math.max(0, GIVEN_UP_MS - waitedMs), 'elsewhere', notOpen);
    if (afterMs === undefined) return;
    const send = (): void => {
      if (!this.#answers.delete(pdu.sequence_number)) return;
      cancel();
      if (afterMs + waitedMs < GIVEN_UP_MS) notOpen();
      this.send(pdu, arrived);
    };
    const cancel = time.schedule(afterMs, 'elsewhere', send);
    this.#answers.set(pdu.sequence_number, { send, cancel });
  }

  #take(pdu: Pdu, sentAt: Millis): void {
    const { sequence_number } = pdu;
    this.#read += 1;
    if (!isResponse(pdu)) this.#takeRequest(pdu, sentAt);
    else if (pdu.command === 'deliver_sm_resp') this.seen.unfollowedSince ??= sentAt;
    switch (pdu.command) {
      case 'bind_receiver':
      case 'bind_transmitter':
      case 'bind_transceiver':
        this.#takeBind(pdu);
        break;
      case 'submit_sm':
        this.#takeSubmit(pdu, sentAt);
        break;
      case 'deliver_sm_resp': {
        const answered = this.#delivered.get(sequence_number);
        this.#delivered.delete(sequence_number);
        answered?.({ at: this.heardAt, status: pdu.command_status, pdu: this.#read });
        break;
      }
      case 'enquire_link':
        this.send({ command: 'enquire_link_resp', sequence_number, command_status: 0 }, () => {
          this.seen.enquiryAnsweredAt = this.#host.service.time.now;
        });
        break;
      case 'unbind':
        this.send({ command: 'unbind_resp', sequence_number, command_status: 0 });
        this.#host.service.mailbox.leave(this);
        break;
      default:
    }
  }

  #takeRequest({ command, sequence_number }: Pdu, sentAt: Millis): void {
    this.#requests.set(sequence_number, this.#read);
    checkFollowed(this.#host.service.ledger, this.seen, { command, at: sentAt });
    this.seen.unfollowedSince = undefined;
    if (command === 'enquire_link') this.seen.enquiredAt = sentAt;
  }

  #takeBind(pdu: Bind): void {
    const status = this.#host.judgeBind(this.run);
    if (status === 'none') return;
    const { sequence_number } = pdu;
    const answer = {
      command: `${pdu.command}_resp`,
      sequence_number,
      command_status: status,
      system_id: 'smsc',
    } as const;
    this.send(answer, () => {
      if (status === 0) this.seen.heardBoundAt = this.#host.service.time.now;
    });
    if (status !== 0) return;
    this.#bind = pdu.command;
    this.seen.boundAt = this.#host.service.time.now;
    this.seen.isReceiver = pdu.command !== 'bind_transmitter';
    if (pdu.command !== 'bind_transmitter') this.#host.service.mailbox.join(this);
    this.#host.bound(this);
  }

  #takeSubmit(pdu: SubmitSm, sentAt: Millis): void {
    const mayNot = this.#bind === undefined || this.#bind === 'bind_receiver';
    this.#host.service.takeSubmit(this, pdu, { sentAt, mayNot, isLeaving: this.#isLeaving });
  }

  #nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }
}

function encodeDelivery(pdu: DeliverSm, flaw: Flaw | undefined): Buffer {
  const { source_addr: phone } = pdu;
  const octets = encodePdu({ ...pdu, source_addr: phone.slice(0, SOURCE_MAX) });
  return flaw === undefined ? octets : withFlaw(octets, flaw, phone);
}

function isResponse({ command }: Pdu): boolean {
  return command.endsWith('_resp') || command === 'generic_nack';
}
