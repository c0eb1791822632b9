/**
 * One client's session with one host: the protocol, with the npm package's Session doing the PDUs.
 *
 * The package settles nothing when a session ends and turns deaf at a PDU that it cannot read
 * (smpp 0.5.1, lib/smpp.js), so what is under way is kept here, and such a session is ended.
 *
 *   open ──bind──▶ bound ──unbind, ours or theirs──▶ leaving ──▶ closed
 *
 * Source: SMPP 3.4 §2.2, §4; gateway.md (message types, restart).
 */
import { errors, PDU, Session, type PduFields } from 'smpp';
import type { Duplex } from 'node:stream';
import type { Millis } from '../clock.js';
import type { BindMode } from '../message.js';
import type { Login } from './accounts.js';
import type { Receiver } from './mailbox.js';
import type { Verdict } from './message-centre.js';
import { PeerStream } from './peer-stream.js';
import type { Schedule } from './schedule.js';
import { readSubmittedSms, textField, type SubmittedSms } from './submitted-sms.js';

/** What a session asks of its host. */
export interface SessionOwner {
  readonly schedule: Schedule;
  readonly deliverWindow: number;
  readonly enquireLinkMs: Millis;
  bind(session: EsmeSession, login: Login): number;
  submit(session: EsmeSession, sms: SubmittedSms): Verdict;
  /** The session has room for a deliver_sm again. */
  ready(session: EsmeSession): void;
  ended(session: EsmeSession, reason: string): void;
}

const BIND_MODES: ReadonlyMap<string, BindMode> = new Map([
  ['bind_transceiver', 'transceiver'],
  ['bind_transmitter', 'transmitter'],
  ['bind_receiver', 'receiver'],
]);

/** How long a client may take to answer our unbind and to close, before it is closed on. */
const CLOSE_MS = 200;
/** How long a client may take to answer our enquire_link. */
const ENQUIRE_LINK_ANSWER_MS = 10_000;

export class EsmeSession implements Receiver {
  readonly id: number;
  readonly #owner: SessionOwner;
  readonly #stream: PeerStream;
  readonly #session: Session;
  readonly #underWay = new Set<(status: number | undefined) => void>();
  /** submit_sm accepted whose answer is still to come. */
  readonly #answersDue = new Map<PDU, () => void>();
  #state: 'open' | 'bound' | 'leaving' | 'closed' = 'open';
  #isRefusing = false;
  #login: Login | undefined;
  #reason = 'connection lost';
  #cancelEnquireLink: () => void = () => undefined;

  constructor(id: number, transport: Duplex, owner: SessionOwner) {
    this.id = id;
    this.#owner = owner;
    this.#stream = new PeerStream(transport);
    this.#session = new Session({ socket: this.#stream });
    this.#session.on('error', (error: Error) => this.destroy(`unreadable: ${error.message}`));
    this.#session.on('close', () => this.#ended());
    this.#session.on('pdu', (pdu: PDU) => this.#receive(pdu, this.#stream.takeFrame()));
    this.#enquireLater();
  }

  get login(): Login | undefined {
    return this.#login;
  }

  get systemId(): string | undefined {
    return this.#login?.systemId;
  }

  get canReceive(): boolean {
    return this.#state === 'bound' && this.#login?.mode !== 'transmitter';
  }

  get deliverCapacity(): number {
    return this.canReceive ? this.#owner.deliverWindow - this.#underWay.size : 0;
  }

  deliver(fields: PduFields, answered: (status: number | undefined) => void): void {
    this.#underWay.add(answered);
    this.#session.deliver_sm(fields, (response) => {
      if (!this.#underWay.delete(answered)) return;
      answered(response.command_status);
      this.#owner.ready(this);
    });
  }

  /** From now on every submit_sm is answered ESME_RSUBMITFAIL. */
  refuseSubmits(): void {
    this.#isRefusing = true;
  }

  /** Answers what is under way, sends unbind, and closes right after its answer. */
  leave(): void {
    this.#answerAll();
    if (this.#state !== 'bound') return this.#close('restart');
    this.#state = 'leaving';
    this.#session.unbind({}, () => this.#close('restart'));
    this.#owner.schedule.after(CLOSE_MS, () => this.#close('restart'));
  }

  silence(): void {
    this.#stream.silence();
  }

  speak(): void {
    this.#stream.speak();
  }

  /** Cuts the connection. */
  destroy(reason: string): void {
    this.#reason = reason;
    this.#stream.destroy();
  }

  #receive(pdu: PDU, frame: Buffer): void {
    // The package calls back for responses itself, and nothing else of ours needs them.
    if (pdu.isResponse() || this.#state === 'closed') return;
    const mode = BIND_MODES.get(pdu.command);
    if (mode !== undefined) return this.#bind(pdu, mode);
    switch (pdu.command) {
      case 'submit_sm':
        return this.#submit(pdu, frame);
      case 'enquire_link':
        return this.#answer(pdu);
      case 'unbind':
        this.#answer(pdu);
        return this.#close('unbind');
      default:
        // query_sm, cancel_sm and the rest: gateway.md, message types. Which status is *assumed*.
        return this.#nack(pdu);
    }
  }

  #bind(pdu: PDU, mode: BindMode): void {
    if (this.#login !== undefined) return this.#answer(pdu, { command_status: errors.ESME_RALYBND });
    const login = { systemId: textField(pdu, 'system_id'), password: textField(pdu, 'password'), mode };
    const command_status = this.#owner.bind(this, login);
    this.#answer(pdu, { command_status, system_id: 'inMobile' });
    if (command_status !== errors.ESME_ROK) return;
    this.#login = login;
    this.#state = 'bound';
    this.#owner.ready(this);
  }

  #submit(pdu: PDU, frame: Buffer): void {
    const status = this.#submitStatus();
    if (status !== errors.ESME_ROK) return this.#answer(pdu, { command_status: status });
    const sms = readSubmittedSms(frame, pdu);
    if (sms === undefined) return this.#answer(pdu, { command_status: errors.ESME_RINVMSGLEN });
    const verdict = this.#owner.submit(this, sms);
    switch (verdict.kind) {
      case 'refuse':
        return this.#answer(pdu, { command_status: verdict.status });
      case 'accept':
        return this.#answerAfter(pdu, { message_id: verdict.messageId }, verdict.afterMs);
      case 'cut':
        return this.destroy('cut by the scenario');
      case 'sayNothing':
        return;
    }
  }

  #submitStatus(): number {
    if (this.#isRefusing && this.#login !== undefined) return errors.ESME_RSUBMITFAIL;
    const canSubmit = this.#state === 'bound' && this.#login?.mode !== 'receiver';
    return canSubmit ? errors.ESME_ROK : errors.ESME_RINVBNDSTS;
  }

  #answer(pdu: PDU, fields: PduFields = {}): void {
    this.#session.send(pdu.response(fields));
  }

  #answerAfter(pdu: PDU, fields: PduFields, afterMs: Millis): void {
    if (afterMs === 0) return this.#answer(pdu, fields);
    const send = (): void => {
      cancel();
      this.#answersDue.delete(pdu);
      this.#answer(pdu, fields);
    };
    const cancel = this.#owner.schedule.after(afterMs, send);
    this.#answersDue.set(pdu, send);
  }

  #answerAll(): void {
    for (const send of this.#answersDue.values()) send();
  }

  #nack({ sequence_number }: PDU): void {
    this.#session.send(new PDU('generic_nack', { command_status: errors.ESME_RINVCMDID, sequence_number }));
  }

  #enquireLater(): void {
    this.#cancelEnquireLink = this.#owner.schedule.after(this.#owner.enquireLinkMs, () => {
      this.#cancelEnquireLink = this.#owner.schedule.after(ENQUIRE_LINK_ANSWER_MS, () =>
        this.destroy('enquire_link not answered'),
      );
      this.#session.enquire_link({}, () => {
        this.#cancelEnquireLink();
        if (this.#state !== 'closed') this.#enquireLater();
      });
    });
  }

  #close(reason: string): void {
    if (this.#state === 'closed') return;
    this.#reason = reason;
    this.#answerAll();
    this.#state = 'closed';
    this.#session.close();
    this.#owner.schedule.after(CLOSE_MS, () => this.#stream.destroy());
  }

  #ended(): void {
    this.#state = 'closed';
    this.#cancelEnquireLink();
    this.#answersDue.clear();
    // Newest first, so that the mailbox, which takes each back at its head, has them in their order again.
    const lost = [...this.#underWay].reverse();
    this.#underWay.clear();
    for (const answered of lost) answered(undefined);
    this.#owner.ended(this, this.#reason);
  }
}
