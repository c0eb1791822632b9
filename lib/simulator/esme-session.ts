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
import type { Duplex } from 'node:stream';
import { errors, PDU, type PduFields, Session } from 'smpp';
import type { Millis } from '../clock.js';
import type { BindMode } from '../message.js';
import type { Login } from './accounts.js';
import type { Receiver } from './delivery-queue.js';
import type { Verdict } from './message-centre.js';
import { PeerStream } from './peer-stream.js';
import type { Schedule } from './schedule.js';
import { readSubmittedSms, type SubmittedSms, textField } from './submitted-sms.js';

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

export class EsmeSession implements Receiver {
  readonly id: number;
  readonly #owner: SessionOwner;
  readonly #stream: PeerStream;
  readonly #session: Session;
  readonly #underWay = new Set<(status: number | undefined) => void>();
  readonly #answers: Answers;
  readonly #endEnquiry: () => void;
  #state: 'open' | 'bound' | 'leaving' | 'closed' = 'open';
  #isRefusing = false;
  #login: Login | undefined;
  #reason = 'connection lost';

  constructor(id: number, transport: Duplex, owner: SessionOwner) {
    this.id = id;
    this.#owner = owner;
    this.#stream = new PeerStream(transport);
    this.#session = new Session({ socket: this.#stream });
    this.#session.on('error', (error: Error) => this.destroy(`unreadable: ${error.message}`));
    this.#session.on('close', () => this.#ended());
    this.#session.on('pdu', (pdu: PDU) => this.#receive(pdu, this.#stream.takeFrame()));
    this.#answers = new Answers(this.#session, owner.schedule);
    this.#endEnquiry = enquireRegularly(this.#session, owner.schedule, owner.enquireLinkMs, () =>
      this.destroy('enquire_link not answered'),
    );
  }

  get login(): Login | undefined {
    return this.#login;
  }

  get systemId(): string | undefined {
    return this.#login?.systemId;
  }

  get isBound(): boolean {
    return this.#state === 'bound';
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
    this.#answers.giveAll();
    if (this.#state !== 'bound') {
      this.#close('restart');
      return;
    }
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
    if (mode !== undefined) this.#bind(pdu, mode);
    else if (pdu.command === 'submit_sm') this.#submit(pdu, frame);
    else if (pdu.command === 'enquire_link') this.#answers.give(pdu);
    else if (pdu.command === 'unbind') this.#unbind(pdu);
    // query_sm, cancel_sm and the rest: gateway.md, message types. Which answer they get is *assumed*.
    else this.#answers.refuseCommand(pdu);
  }

  #bind(pdu: PDU, mode: BindMode): void {
    if (this.#login !== undefined) {
      this.#answers.give(pdu, { command_status: errors.ESME_RALYBND });
      return;
    }
    const login = { systemId: textField(pdu, 'system_id'), password: textField(pdu, 'password'), mode };
    const command_status = this.#owner.bind(this, login);
    this.#answers.give(pdu, { command_status, system_id: 'inMobile' });
    if (command_status !== errors.ESME_ROK) return;
    this.#login = login;
    this.#state = 'bound';
    this.#owner.ready(this);
  }

  #submit(pdu: PDU, frame: Buffer): void {
    const verdict = this.#verdictOn(pdu, frame);
    switch (verdict.kind) {
      case 'refuse':
        this.#answers.give(pdu, { command_status: verdict.status });
        break;
      case 'accept':
        this.#answers.giveAfter(verdict.afterMs, pdu, { message_id: verdict.messageId });
        break;
      case 'cut':
        this.destroy('cut by the scenario');
        break;
      case 'sayNothing':
        break;
    }
  }

  #verdictOn(pdu: PDU, frame: Buffer): Verdict {
    if (this.#login === undefined || this.#login.mode === 'receiver') return refuse(errors.ESME_RINVBNDSTS);
    if (this.#isRefusing) return refuse(errors.ESME_RSUBMITFAIL);
    const sms = readSubmittedSms(frame, pdu);
    return sms === undefined ? refuse(errors.ESME_RINVMSGLEN) : this.#owner.submit(this, sms);
  }

  #unbind(pdu: PDU): void {
    this.#answers.giveAll();
    this.#answers.give(pdu);
    this.#close('unbind');
  }

  #close(reason: string): void {
    if (this.#state === 'closed') return;
    this.#reason = reason;
    this.#answers.giveAll();
    this.#state = 'closed';
    this.#session.close();
    this.#owner.schedule.after(CLOSE_MS, () => this.#stream.destroy());
  }

  #ended(): void {
    this.#state = 'closed';
    this.#endEnquiry();
    // Newest first, so that the queue, which takes each back at its head, has them in their order again.
    const lost = [...this.#underWay].reverse();
    this.#underWay.clear();
    for (const answered of lost) answered(undefined);
    this.#owner.ended(this, this.#reason);
  }
}

const refuse = (status: number): Verdict => ({ kind: 'refuse', status });

/** How long a client may take to answer; *assumed*. */
const ANSWER_MS = 10_000;

/** The gateway's own enquire_link; a client that leaves one unanswered is gone. The returned function ends it. */
function enquireRegularly(
  session: Session,
  schedule: Schedule,
  everyMs: Millis,
  unanswered: () => void,
): () => void {
  let cancel: () => void;
  const wait = (): void => {
    cancel = schedule.after(everyMs, enquire);
  };
  const enquire = (): void => {
    cancel = schedule.after(ANSWER_MS, unanswered);
    session.enquire_link({}, () => {
      cancel();
      wait();
    });
  };
  wait();
  return () => cancel();
}

/** The answers of one session: at once, later, or all that are due because the session ends. */
class Answers {
  readonly #session: Session;
  readonly #schedule: Schedule;
  readonly #due = new Set<() => void>();

  constructor(session: Session, schedule: Schedule) {
    this.#session = session;
    this.#schedule = schedule;
  }

  give(request: PDU, fields: PduFields = {}): void {
    this.#session.send(request.response(fields));
  }

  /** @param afterMs 0: in the same turn */
  giveAfter(afterMs: Millis, request: PDU, fields: PduFields): void {
    if (afterMs === 0) {
      this.give(request, fields);
      return;
    }
    const give = (): void => {
      cancel();
      this.#due.delete(give);
      this.give(request, fields);
    };
    const cancel = this.#schedule.after(afterMs, give);
    this.#due.add(give);
  }

  /** Gives every answer that is due later, now. */
  giveAll(): void {
    for (const give of this.#due) give();
  }

  /** To a command that the gateway does not know. */
  refuseCommand({ sequence_number }: PDU): void {
    this.#session.send(new PDU('generic_nack', { command_status: errors.ESME_RINVCMDID, sequence_number }));
  }
}
