/** Puts the simulator together: two hosts, one service behind them, and what is done to them from outside. */
import { writeFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type { Millis } from '../clock.js';
import { INMOBILE_HOSTS, INMOBILE_PORT } from '../inmobile.js';
import type { Unsubscribe } from '../message.js';
import { Newest, type AcceptedSegment, type AcceptedSms } from './accepted-sms.js';
import { Accounts, type BindAttempt, type BindStatus } from './accounts.js';
import { makeAuthority, makeCertificate, type Certificate } from './certificate.js';
import { GatewayHost, systemError } from './gateway-host.js';
import { incomingFields } from './incoming-sms.js';
import type { DeliveryOutcome, IncomingSms } from './incoming-sms.js';
import { Listener, LOOPBACK } from './listener.js';
import { MessageCentre } from './message-centre.js';
import { Schedule } from './schedule.js';
import type { BoundSession, HostChoice, SimulatedHost, Simulator } from './simulator.js';
import type { SimulatorSettings } from './simulator-options.js';

const NAMES = ['dk1', 'dk2'] as const;

/** From harmless to worst. */
const OUTCOMES: readonly DeliveryOutcome[] = ['accepted', 'refused', 'dropped'];

/** A host with its port, where it has one. */
interface Station {
  readonly name: (typeof NAMES)[number];
  readonly host: GatewayHost;
  listener?: Listener;
}

export class SimulatedGateway implements Simulator {
  readonly #settings: SimulatorSettings;
  readonly #schedule: Schedule;
  readonly #accounts: Accounts;
  readonly #centre: MessageCentre;
  readonly #bindAttempts: Newest<BindAttempt>;
  readonly #stations: readonly Station[];
  /** Promises of `restart` and `blackhole` that stopping settles. */
  readonly #waits = new Set<() => void>();
  #ca = '';
  #sessionCount = 0;
  #reference = 0;

  constructor(settings: SimulatorSettings) {
    this.#settings = settings;
    this.#schedule = new Schedule(settings.clock);
    this.#accounts = new Accounts(settings);
    this.#centre = new MessageCentre(settings, this.#schedule);
    this.#bindAttempts = new Newest(settings.acceptedMax);
    const context = {
      settings,
      schedule: this.#schedule,
      accounts: this.#accounts,
      centre: this.#centre,
      nextSessionId: () => (this.#sessionCount += 1),
      bindAttempted: (attempt: BindAttempt) => this.#bindAttempts.add(attempt),
    };
    this.#stations = NAMES.map((name, index) => ({ name, host: new GatewayHost(index, context) }));
  }

  get hosts(): readonly SimulatedHost[] {
    return this.#stations.map(({ name, listener }) =>
      listener === undefined
        ? { name, host: name, port: INMOBILE_PORT }
        : { name, host: LOOPBACK, port: listener.port },
    );
  }

  get ca(): string {
    return this.#ca;
  }

  get accepted(): readonly AcceptedSms[] {
    return this.#centre.accepted;
  }

  get segments(): readonly AcceptedSegment[] {
    return this.#centre.segments;
  }

  get bindAttempts(): readonly BindAttempt[] {
    return this.#bindAttempts.items;
  }

  get sessions(): readonly BoundSession[] {
    return this.#stations.flatMap(({ host }) =>
      host.sessions.flatMap(({ id, login, isBound }) =>
        login === undefined || !isBound
          ? []
          : [{ id, host: host.index, systemId: login.systemId, mode: login.mode }],
      ),
    );
  }

  readonly connect = async (host: string, _port: number, signal: AbortSignal): Promise<Duplex> => {
    const station = this.#stations.find(({ name }, index) => host === name || host === INMOBILE_HOSTS[index]);
    if (station === undefined) throw systemError('ENOTFOUND', `no simulated host ${host}`);
    return station.host.connect(signal);
  };

  async listen(): Promise<void> {
    const certificate = this.#makeCertificate();
    const { caFile, ports } = this.#settings;
    try {
      for (const [index, station] of this.#stations.entries()) {
        const listener = new Listener(certificate, (transport) => station.host.attach(transport));
        await listener.listen(ports[index] ?? 0);
        station.listener = listener;
      }
      // Last, so that a start that fails leaves the file of a running simulator as it is.
      if (caFile !== undefined) await writeFile(caFile, this.#ca);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  onAccepted(listener: (sms: AcceptedSms) => void): Unsubscribe {
    return this.#centre.onAccepted(listener);
  }

  async restart(choice: HostChoice, ms: Millis): Promise<void> {
    await Promise.all(this.#chosen(choice).map(({ host }) => this.#wait((done) => host.restart(ms, done))));
  }

  async blackhole(choice: HostChoice, ms: Millis): Promise<void> {
    const chosen = this.#chosen(choice);
    for (const { host, listener } of chosen) {
      host.silence();
      listener?.silence();
    }
    await this.#wait((done) => this.#schedule.after(ms, done));
    for (const { host, listener } of chosen) {
      host.speak();
      if (!host.isSilent) listener?.speak();
    }
  }

  async kill(choice: HostChoice): Promise<void> {
    await Promise.all(
      this.#chosen(choice).map(async ({ host, listener }) => {
        if (host.isDown) return;
        host.kill();
        await listener?.close();
      }),
    );
  }

  async revive(choice: HostChoice): Promise<void> {
    for (const { host, listener } of this.#chosen(choice)) {
      if (!host.isDown) continue;
      await listener?.listen(listener.port);
      host.revive();
    }
  }

  async incoming(sms: IncomingSms): Promise<DeliveryOutcome> {
    this.#reference = (this.#reference + 1) & 0xff;
    const outcomes = incomingFields(sms, this.#reference).map(
      (fields) =>
        new Promise<DeliveryOutcome>((settle) => {
          this.#centre.deliveries.post(sms.systemId, { fields, settle });
        }),
    );
    const ranks = (await Promise.all(outcomes)).map((outcome) => OUTCOMES.indexOf(outcome));
    return OUTCOMES[Math.max(0, ...ranks)] ?? 'accepted';
  }

  throttle(perSecond: number): void {
    this.#centre.throttle.limit(perSecond, this.#settings.clock.now());
  }

  refuse(systemId: string, status: BindStatus = 'ESME_RINVSYSID'): void {
    this.#accounts.refuse(systemId, status);
  }

  async stop(): Promise<void> {
    await this.kill('all');
    this.#schedule.stop();
    this.#centre.deliveries.close();
    for (const done of this.#waits) done();
  }

  #makeCertificate(): Certificate | undefined {
    if (!this.#settings.tls) return undefined;
    if (this.#settings.certificate !== undefined) return this.#settings.certificate;
    const issuer = makeAuthority();
    this.#ca = issuer.cert;
    return makeCertificate({
      commonName: 'localhost',
      issuer,
      dnsNames: ['localhost'],
      addresses: [LOOPBACK],
    });
  }

  #chosen(choice: HostChoice): readonly Station[] {
    const chosen = this.#stations.filter(({ name, host }) => {
      const entry = this.hosts[host.index];
      const names: readonly HostChoice[] = ['all', name, host.index, `${entry?.host}:${entry?.port}`];
      return typeof choice === 'object'
        ? choice.port === entry?.port && choice.host === entry.host
        : names.includes(choice);
    });
    if (chosen.length === 0) {
      const words = typeof choice === 'object' ? `${choice.host}:${choice.port}` : choice;
      throw new RangeError(`no such host: ${words}; it is 0, 1, 'dk1', 'dk2', a host:port or 'all'`);
    }
    return chosen;
  }

  #wait(begin: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waits.delete(done);
        resolve();
      };
      this.#waits.add(done);
      begin(done);
    });
  }
}
