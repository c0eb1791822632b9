/**
 * A model of the gateway: one service, one account, two hosts; it keeps what it accepted.
 *
 * Small and fast, and as unkind as gateway.md allows. That the client speaks SMPP with others is shown by the
 * simulated gateway of lib/simulator, whose PDUs are made by the npm package; here `lib/pdu` makes them.
 */
import type { Millis } from '../../lib/clock.js';
import type { SubmitSm } from '../../lib/pdu/pdu.js';
import type { Chance } from './chance.js';
import type { Ledger, SmsRecord, SubmitSeen } from './ledger.js';
import type { LinkWorld, LossyLink } from './lossy-link.js';
import { readSubmit, type ReadSubmit } from './message-octets.js';
import { SmscHost } from './smsc-host.js';
import { SmscMailbox } from './smsc-mailbox.js';
import { sendReceipts } from './smsc-receipts.js';
import type { Situation } from './situations.js';
import type { SmscSession } from './smsc-session.js';
import type { VirtualTime } from './virtual-time.js';
import { Weather } from './smsc-weather.js';

export interface SmscOptions {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly ledger: Ledger;
  readonly wall: () => number;
  readonly window: number;
}

export interface LinkSeen {
  readonly link: LossyLink;
  readonly session: SmscSession;
  readonly run: number;
}

export class Smsc {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly ledger: Ledger;
  readonly weather: Weather;
  readonly mailbox: SmscMailbox;
  readonly hosts: readonly [SmscHost, SmscHost];
  readonly linkWorld: LinkWorld;
  readonly links: LinkSeen[] = [];
  readonly #options: SmscOptions;
  /** Segments of long SMS that are not whole yet, by session, reference and SMS. */
  readonly #parts = new Map<string, string[]>();
  /** The SMS that a session's reference was used for last. */
  readonly #byReference = new Map<string, SmsRecord>();
  #ids = 0;
  #lastBoundHost: number | undefined;

  constructor(options: SmscOptions) {
    const { time, chance, ledger } = options;
    this.#options = options;
    this.time = time;
    this.chance = chance;
    this.ledger = ledger;
    this.weather = new Weather(time, chance.fork());
    this.mailbox = new SmscMailbox(time, ledger);
    this.linkWorld = { time, chance: chance.fork(), latencyMs: () => this.weather.latencyMs() };
    this.hosts = [new SmscHost(this, 0), new SmscHost(this, 1)];
  }

  bound(session: SmscSession): void {
    if (this.#lastBoundHost !== undefined && this.#lastBoundHost !== session.host) {
      this.ledger.saw('other host after a loss');
    }
    this.#lastBoundHost = session.host;
  }

  takeSubmit(
    session: SmscSession,
    pdu: SubmitSm,
    { sentAt, mayNot, isLeaving }: { sentAt: Millis; mayNot: boolean; isLeaving: boolean },
  ): void {
    const read = readSubmit(pdu);
    const sms = this.#smsOf(session, read);
    if (sms === undefined) return;
    const status = mayNot ? 0x04 : isLeaving ? 0x45 : this.#judge(session, sms);
    const messageId = status === 0 ? this.#newId() : '';
    const submit = this.#note(sms, { session, read, status, messageId, sentAt });
    const heldMs = status === 0 ? sendReceipts({ pdu, messageId, host: session.host }, this) : 0;
    if (status === 0) this.#accept(sms, submit);
    this.#answer(session, pdu.sequence_number, submit, heldMs);
  }

  #answer(session: SmscSession, sequence_number: number, submit: SubmitSeen, heldMs: Millis): void {
    const { ledger, chance, weather } = this;
    const { status: command_status, messageId: message_id } = submit;
    const answerMs = weather.answerMs();
    const pdu = { command: 'submit_sm_resp', sequence_number, command_status, message_id } as const;
    if (answerMs === undefined) ledger.saw('submit_sm never answered on a live link');
    else if (answerMs > 10_000) ledger.saw('answer after more than 10 s');
    session.answerLater(pdu, answerMs === undefined ? undefined : answerMs + heldMs, () => {
      submit.answeredAt = this.time.now;
      if (this.mailbox.hasSent(message_id)) ledger.saw('receipt before its submit_sm_resp');
    });
    if (session.submitsOpen > this.#options.window) {
      ledger.violated(`${session.submitsOpen} submit_sm under way at once, window ${this.#options.window}`);
    }
    if (session.submitsOpen === this.#options.window) ledger.saw('window full');
    if (!chance.happens(0.02) || answerMs === undefined) return;
    const repeatMs = answerMs + heldMs + chance.between(1, 5_000);
    this.time.schedule(repeatMs, 'elsewhere', () => this.#nonsense(session, pdu));
  }

  /** What no client asked for. */
  #nonsense(session: SmscSession, answer: Parameters<SmscSession['send']>[0]): void {
    const { ledger, chance } = this;
    const kind = chance.integer(0, 2);
    if (kind === 0) {
      ledger.saw('answer twice');
      session.send(answer);
    } else if (kind === 1) {
      ledger.saw('answer to nothing');
      session.send({ ...answer, sequence_number: 0x7000_0000 + chance.integer(0, 1_000) });
    } else {
      ledger.saw('unknown command from the host');
      session.send({ command: 'unknown', command_id: 0x0102, sequence_number: 77 });
    }
  }

  #judge(session: SmscSession, sms: SmsRecord): number {
    const { mode } = this.hosts[session.host]!;
    if (mode === 'leaving' || mode === 'restarting') {
      this.ledger.saw('ESME_RSUBMITFAIL in a restart');
      return 0x45;
    }
    const refusal = this.weather.refusal();
    if (refusal !== undefined) {
      this.ledger.saw(SITUATION_OF.get(refusal) ?? 'transient refusal');
      return refusal;
    }
    if (!sms.isRefused) return 0;
    this.ledger.saw('permanent refusal');
    return 0x0b;
  }

  #note(
    sms: SmsRecord,
    seen: { session: SmscSession; read: ReadSubmit; status: number; messageId: string; sentAt: Millis },
  ): SubmitSeen {
    const { session, read, status, messageId, sentAt } = seen;
    const submit: SubmitSeen = {
      sentAt,
      sentWall: this.#options.wall() - (this.time.now - sentAt),
      sessionId: session.id,
      host: session.host,
      run: session.run,
      ...read,
      status,
      messageId,
      answeredAt: undefined,
    };
    if (read.total > 1 && status !== 0 && status !== 0x0b) {
      this.ledger.saw('segment of a long SMS refused for the moment');
    }
    sms.submits.push(submit);
    return submit;
  }

  #accept(sms: SmsRecord, { sessionId, reference, sequence, total, messageId }: SubmitSeen): void {
    const key = `${sessionId} ${reference ?? ''} ${sms.number}`;
    const parts = this.#parts.get(key) ?? [];
    parts[sequence - 1] = messageId;
    this.#parts.set(key, parts);
    if (Object.keys(parts).length < total) return;
    this.#parts.delete(key);
    sms.acceptances.push({ at: this.time.now, messageIds: parts });
  }

  /** By the mark in its text; the last segment may be too short for one. */
  #smsOf({ id }: SmscSession, { text, reference }: ReadSubmit): SmsRecord | undefined {
    const number = /<(\d+)>/.exec(text)?.[1];
    const key = `${id} ${reference ?? ''}`;
    const sms = number === undefined ? this.#byReference.get(key) : this.ledger.sms[Number(number)];
    if (sms === undefined) this.ledger.violated(`a submit_sm that belongs to no SMS: ${text}`);
    else if (reference !== undefined) this.#byReference.set(key, sms);
    return sms;
  }

  #newId(): string {
    this.#ids += 1;
    return `ble${this.#ids.toString(36)}-F8b8-41e8`;
  }
}

const SITUATION_OF = new Map<number, Situation>([
  [0x45, 'ESME_RSUBMITFAIL without a restart'],
  [0x58, 'ESME_RTHROTTLED'],
  [0x14, 'ESME_RMSGQFUL'],
]);
