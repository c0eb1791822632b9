/** Looks at the run while it goes on: liveness, which no ledger shows afterwards. */
import type { Millis } from '../../lib/clock.js';
import { isOfCopy } from './check-receipts.js';
import { AlarmWatch } from './alarm-watch.js';
import type { DeliveryRecord } from './ledger.js';
import type { Plan } from './plan.js';
import type { Smsc } from './smsc.js';
import { NOTICED_MS, type Stage } from './misfortune.js';

const EVERY_MS: Millis = 1_000;

/** What was connected, or is at rest, is not looked at again so soon: a status costs more than all else here. */
const SELDOM_MS: Millis = 10_000;

/** The bar: bound again within this of any host being healthy. */
const BOUND_MS: Millis = 45_000;

/** A link that is left, because its twin of a pair is dead, is drained, unbound and hung up first. */
const LEAVING_MS: Millis = 5_000;

/** A refused login is not tried again for up to 10 min (contract section 4). */
const LOGIN_HOLD_MS: Millis = 700_000;

export class Probe {
  readonly #stage: Stage;
  /** When nothing goes wrong any more. */
  readonly #healedAt: Millis;
  readonly #alarms: AlarmWatch;
  /** When it was last seen bound, or was reported not to be. */
  readonly #boundAt: Millis[] = [];
  #isOver = false;
  #isAtRest = false;
  readonly #reported = new Set<string>();
  /** What had not come at the last look: it is what is mostly still to come. */
  #missing: () => boolean = () => false;

  constructor(stage: Stage, plan: Plan) {
    this.#stage = stage;
    this.#healedAt = plan.healedAt;
    this.#alarms = new AlarmWatch(stage, plan);
  }

  /** Whether all that has to come had come at some look. */
  get isAtRest(): boolean {
    return this.#isAtRest;
  }

  start(): void {
    const { time } = this.#stage.smsc;
    // The client is asked how it is, which it cannot answer while its event loop is busy.
    time.schedule(this.#isAtRest ? SELDOM_MS : EVERY_MS, 'input', () => {
      if (this.#isOver) return;
      this.#checkBound();
      this.#checkDeaf();
      this.#alarms.look(this.#isHeld(time.now) ? undefined : this.#stage.client.up);
      if (time.now > this.#healedAt) this.#isAtRest ||= this.#looksAtRest();
      this.start();
    });
  }

  stop(): void {
    this.#isOver = true;
  }

  /** Whether all that has to come has come. */
  #looksAtRest(): boolean {
    const { smsc, client } = this.#stage;
    const { ledger, mailbox } = smsc;
    if (client.up === undefined || !mailbox.isEmpty) return false;
    ledger.restWall = client.up.clock.wall();
    if (this.#missing()) return false;
    const missing = firstMissing(smsc);
    if (missing !== undefined) this.#missing = missing;
    return missing === undefined;
  }

  #checkBound(): void {
    const { client, smsc } = this.#stage;
    const { now } = smsc.time;
    const run = client.up;
    if (run === undefined || this.#isHeld(now)) return;
    // With links to both each host has its own; else any will do.
    const groups = run.settings.links === 'both' ? smsc.hosts.map((host) => [host]) : [smsc.hosts];
    for (const [index, hosts] of groups.entries()) {
      const boundAt = this.#boundAt[index] ?? 0;
      if (now - boundAt < SELDOM_MS) continue;
      const { links } = run.engine.connection;
      const isBound = hosts.some(({ name }) => {
        const binds = links.filter(({ host, state }) => host.startsWith(name) && state !== 'draining');
        return binds.length > 0 && binds.every(({ state }) => state === 'bound');
      });
      const healthySince = Math.min(...hosts.map(({ troubledUntil }) => troubledUntil));
      // It may have been left again for an answer between two looks.
      const lastBind = smsc.ledger.binds.findLast(
        (bind) => bind.status === 0 && bind.run === run.seen.number && hosts.includes(smsc.hosts[bind.host]!),
      );
      const since = Math.max(healthySince, run.seen.startedAt + 1_000, boundAt, lastBind?.at ?? 0);
      if (!isBound && now - since <= BOUND_MS) continue;
      if (!isBound) this.#report(`not bound at ${Math.round(now)}, although a host was healthy for 45 s`);
      this.#boundAt[index] = now;
    }
  }

  #isHeld(now: Millis): boolean {
    const { ledger, weather } = this.#stage.smsc;
    if (weather.now('badLogin') !== undefined) return true;
    return ledger.binds.some(
      ({ at, status }) => (status === 0x0e || status === 0x0f) && now - at < LOGIN_HOLD_MS,
    );
  }

  #checkDeaf(): void {
    const { links, time, ledger } = this.#stage.smsc;
    for (const { link, session, run } of links) {
      if (!link.isOpen || link.deafSince === undefined || ledger.runs[run]?.stoppingAt !== undefined)
        continue;
      const busyMs = ledger.stalledMs(link.deafSince);
      const leavingMs = this.#stage.isPair ? LEAVING_MS : 0;
      if (time.now - link.deafSince <= NOTICED_MS + busyMs + leavingMs) continue;
      this.#report(`dead link ${session.id} not noticed within 21 s`);
    }
  }

  #report(what: string): void {
    if (this.#reported.has(what)) return;
    this.#reported.add(what);
    this.#stage.smsc.ledger.violated(what);
  }
}

/** Tells whether the first that has not come is still to come. */
function firstMissing(smsc: Smsc): (() => boolean) | undefined {
  const { ledger } = smsc;
  for (const sms of ledger.sms) if (ledger.isAwaited(sms)) return () => ledger.isAwaited(sms);
  for (const part of ledger.incoming.flatMap(({ deliveries }) => deliveries))
    if (!isOut(part, smsc)) return () => !isOut(part, smsc);
  const isTold = ({ says }: DeliveryRecord): boolean =>
    ledger.receipts.some(({ scope, receipt }) => scope === 'segment' && receipt.messageId === says) ||
    isOfCopy(ledger, says);
  const untold = ledger.deliveries.find((delivery) => delivery.kind !== 'sms' && !isTold(delivery));
  return untold && (() => !isTold(untold));
}

/** Parts of a long SMS that says what another one said may be waiting for a part that was taken for a copy. */
const PARTS_WAIT_MS: Millis = 305_000;

function isOut({ says, keptAt = 0 }: DeliveryRecord, { ledger, time }: Smsc): boolean {
  const out = ledger.emitted.filter((emitted) => emitted.says.includes(says));
  const came = new Set(out.map(({ sms }) => sms.receivedAt)).size;
  const same = ledger.deliveries.filter((other) => other.says === says);
  const isSure = came >= same.length || time.now > keptAt + PARTS_WAIT_MS;
  return out.length > 0 && (isSure || out[0]!.sms.segments === 1);
}
