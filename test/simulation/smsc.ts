/**
 * A model of the gateway: one service, one account, two hosts; it keeps what it accepted.
 *
 * Small and fast, and as unkind as gateway.md allows. That the client speaks SMPP with others is shown by the
 * simulated gateway of lib/simulator, whose PDUs are made by the npm package; here `lib/pdu` makes them.
 */
import type { EpochMs, Millis } from '../../lib/clock.js';
import type { SubmitSm } from '../../lib/pdu/pdu.js';
import { met } from './bounds-reached.js';
import type { Chance } from './chance.js';
import type { FlawHabits } from './flaws.js';
import type { Ledger, SmsRecord, SubmitSeen } from './ledger.js';
import type { LinkWorld, LossyLink } from './lossy-link.js';
import { readSubmit, type ReadSubmit } from './message-octets.js';
import { SmscHost } from './smsc-host.js';
import { SmscMailbox } from './smsc-mailbox.js';
import { ESME_RINVDSTADR, NACK_STATUS, type Poison } from './poison.js';
import type { ReceiptHabits } from './plan-receipts.js';
import { type GatewayClock, sendForeign, sendReceipts } from './smsc-receipts.js';
import type { Situation } from './situations.js';
import type { SmscSession } from './smsc-session.js';
import { WALL_AT_START, type VirtualTime } from './virtual-time.js';
import { Weather } from './smsc-weather.js';

export interface SmscOptions {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly ledger: Ledger;
  readonly wall: () => number;
  readonly window: number;
  /** What the gateway's own clock is ahead of UTC; it is right, whatever the client's says. */
  readonly zoneMs: Millis;
  readonly habits: ReceiptHabits;
  readonly flaws: FlawHabits;
  /** The gateway has some segments of a long SMS, and not the others. */
  readonly onInsideLong: () => void;
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
  /** The SMS that a session's reference was used for last, by phone. */
  readonly #byReference = new Map<string, SmsRecord>();
  readonly #sentOver = new Map<number, Millis[]>();
  readonly #sharedIds = new Map<string, string>();
  readonly #idsOfHost: number[] = [];
  #ids = 0;
  #lastBoundHost: number | undefined;

  constructor(options: SmscOptions) {
    const { time, chance, ledger } = options;
    this.#options = options;
    this.time = time;
    this.chance = chance;
    this.ledger = ledger;
    this.weather = new Weather(time, chance.fork());
    this.mailbox = new SmscMailbox({
      time,
      ledger,
      chance: chance.fork(),
      wall: options.wall,
      flaws: options.flaws,
    });
    this.linkWorld = { time, chance: chance.fork(), latencyMs: () => this.weather.latencyMs() };
    this.hosts = [new SmscHost(this, 0), new SmscHost(this, 1)];
  }

  /** When each submit_sm of a session was written. */
  sentOver(sessionId: number): readonly Millis[] {
    return this.#sentOver.get(sessionId) ?? [];
  }

  get habits(): ReceiptHabits {
    return this.#options.habits;
  }

  get flaws(): FlawHabits {
    return this.#options.flaws;
  }

  /** As receipts are written. */
  get clock(): GatewayClock {
    const { zoneMs } = this.#options;
    return { now: this.time.now, write: (at) => writtenDate(WALL_AT_START + at + zoneMs) };
  }

  /** A receipt for an SMS of somebody else's. @param ageMs since that was submitted */
  foreignReceipt(phone: string, ageMs: Millis): void {
    this.#ids += 1;
    const messageId = `foreign-${this.#ids.toString(36)}`;
    sendForeign({ phone, messageId, submittedAt: this.time.now - ageMs }, this);
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
    const sms = this.#smsOf(session, read, pdu.destination_addr);
    if (sms === undefined) return;
    const judgement = mayNot ? 0x04 : isLeaving ? 0x45 : this.#judge(session, sms, read);
    const status = typeof judgement === 'number' ? judgement : statusOf(judgement);
    const messageId = status === 0 ? this.#newId(session, sms, read) : '';
    const submit = this.#note(sms, { session, read, status, messageId, sentAt });
    const accepted = { pdu, messageId, host: session.host, ...read };
    const heldMs = status === 0 ? sendReceipts(accepted, this) : 0;
    if (status === 0) this.#accept(sms, submit);
    if (read.total > 2 && read.sequence > 1 && read.sequence < read.total) this.#options.onInsideLong();
    const arrived = (): void => {
      submit.answeredAt = this.time.now;
      if (status !== 0) this.ledger.refusals.push({ at: this.time.now, status, sms });
    };
    if (typeof judgement === 'number')
      this.#answer(session, pdu.sequence_number, { submit, heldMs, arrived });
    else if (judgement.answer === 'nack') this.#nack(session, pdu.sequence_number, arrived);
    else if (judgement.answer === 'late') this.#answerLate(session, pdu.sequence_number, { submit, arrived });
    else session.answerLater(NO_ANSWER, { afterMs: undefined, sentAt, arrived });
  }

  #answerLate(
    session: SmscSession,
    sequence_number: number,
    { submit, arrived }: { submit: SubmitSeen; arrived: () => void },
  ): void {
    const { messageId: message_id, sentAt } = submit;
    const pdu = { command: 'submit_sm_resp', sequence_number, command_status: 0, message_id } as const;
    const afterMs = this.chance.between(30_500, 80_000);
    submit.answerDueAt = this.time.now + afterMs;
    session.answerLater(pdu, { afterMs, sentAt, arrived });
  }

  #nack(session: SmscSession, sequence_number: number, arrived: () => void): void {
    const pdu = { command: 'generic_nack', sequence_number, command_status: NACK_STATUS } as const;
    session.answerLater(pdu, { afterMs: this.weather.answerMs() ?? 0, sentAt: this.time.now, arrived });
  }

  #answer(
    session: SmscSession,
    sequence_number: number,
    { submit, heldMs, arrived }: { submit: SubmitSeen; heldMs: Millis; arrived: () => void },
  ): void {
    const { ledger, chance, weather } = this;
    const { status: command_status, messageId: message_id } = submit;
    const isDeaf = weather.now('deaf') === session.host;
    if (isDeaf) ledger.saw('a host that answers no submit_sm');
    const answerMs = isDeaf ? undefined : weather.answerMs();
    const pdu = { command: 'submit_sm_resp', sequence_number, command_status, message_id } as const;
    if (answerMs === undefined) {
      ledger.saw('submit_sm never answered on a live link');
      session.answerLater(pdu, { afterMs: undefined, sentAt: submit.sentAt, arrived });
    } else {
      if (answerMs > 10_000) ledger.saw('answer after more than 10 s');
      submit.answerDueAt = this.time.now + answerMs + heldMs;
      const afterMs = answerMs + heldMs;
      const arrivedSo = (): void => {
        arrived();
        if (this.mailbox.hasSent(message_id)) ledger.saw('receipt before its submit_sm_resp');
      };
      session.answerLater(pdu, { afterMs, sentAt: submit.sentAt, arrived: arrivedSo });
    }
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

  /** The status of its answer, or why there is no such answer. */
  #judge(session: SmscSession, sms: SmsRecord, { sequence }: ReadSubmit): number | Poison {
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
    const { poison } = sms;
    if (poison === undefined || (poison.segment ?? sequence) !== sequence) return 0;
    if ((poison.host ?? session.host) !== session.host) {
      this.ledger.saw('one SMS that one host takes, and the other one not');
      return 0;
    }
    this.ledger.saw(poison.answer === ESME_RINVDSTADR ? 'permanent refusal' : POISONED.get(poison.answer)!);
    return typeof poison.answer === 'number' ? poison.answer : poison;
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
      answerDueAt: Infinity,
      answeredAt: undefined,
    };
    if (read.total > 1 && status !== 0 && status !== ESME_RINVDSTADR) {
      this.ledger.saw('segment of a long SMS refused for the moment');
    }
    sms.submits.push(submit);
    this.#noteId(sms, messageId);
    this.ledger.submittedAt.push(sentAt);
    this.#sentOver.set(session.id, [...(this.#sentOver.get(session.id) ?? []), sentAt]);
    return submit;
  }

  #noteId(sms: SmsRecord, messageId: string): void {
    if (messageId === '') return;
    met('sameIdSms', this.ledger.noteOwner(messageId, sms) - 1);
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
  #smsOf({ id }: SmscSession, { text, reference }: ReadSubmit, phone: string): SmsRecord | undefined {
    const number = /<(\d+)>/.exec(text)?.[1];
    const key = `${id} ${reference ?? ''} ${phone}`;
    const sms = number === undefined ? this.#byReference.get(key) : this.ledger.sms[Number(number)];
    if (sms === undefined) this.ledger.violated(`a submit_sm that belongs to no SMS: ${text}`);
    else if (reference !== undefined) this.#byReference.set(key, sms);
    return sms;
  }

  #newId({ id, host }: SmscSession, sms: SmsRecord, { reference, total }: ReadSubmit): string {
    const { ids } = this.habits;
    if (ids === 'gaps' && this.chance.happens(0.2)) return '';
    const attempt = `${id} ${reference ?? ''} ${sms.number}`;
    const shared = ids === 'one' && total > 1 ? this.#sharedIds.get(attempt) : undefined;
    if (shared !== undefined) return shared;
    const messageId = this.#nextId(host);
    if (ids === 'one') this.#sharedIds.set(attempt, messageId);
    return messageId;
  }

  #nextId(host: number): string {
    const { ids } = this.habits;
    this.#ids += 1;
    const ofHost = (this.#idsOfHost[host] ?? 0) + 1;
    this.#idsOfHost[host] = ofHost;
    if (ids === 'perHost') return named(ofHost);
    if (ids === 'again') return named(this.#ids % this.habits.idsBeforeAgain);
    if (ids !== 'letterCase') return named(this.#ids);
    const messageId = named(this.#ids >> 1);
    return (this.#ids & 1) === 0 ? messageId : messageId.toUpperCase();
  }
}

function named(number: number): string {
  return `ble${number.toString(36)}-F8b8-41e8`;
}

const NO_ANSWER = { command: 'enquire_link_resp', sequence_number: 0, command_status: 0 } as const;

/** Of what is not answered as a submit_sm is. */
function statusOf({ answer, isTaken }: Poison): number {
  return answer === 'late' || (answer === 'silence' && isTaken) ? 0 : NACK_STATUS;
}

/** YYMMDDhhmm. */
function writtenDate(wall: EpochMs): string {
  return new Date(wall).toISOString().replace(/[-:T]/g, '').slice(2, 12);
}

const POISONED = new Map<Poison['answer'], Situation>([
  [0x45, 'one SMS always answered ESME_RSUBMITFAIL'],
  [0x04, 'one SMS always answered ESME_RINVBNDSTS'],
  [0x08, 'one SMS always answered ESME_RSYSERR'],
  [0x400, 'one SMS always answered with a status that nobody knows'],
  [0x58, 'one SMS always answered ESME_RTHROTTLED'],
  [0x14, 'one SMS always answered ESME_RMSGQFUL'],
  ['nack', 'one SMS always answered with a generic_nack'],
  ['silence', 'one SMS never answered'],
  ['late', 'one SMS answered after 30 s'],
]);

const SITUATION_OF = new Map<number, Situation>([
  [0x45, 'ESME_RSUBMITFAIL without a restart'],
  [0x58, 'ESME_RTHROTTLED'],
  [0x14, 'ESME_RMSGQFUL'],
]);
