/**
 * What a person may do to the simulated gateway from the sidebar: make it restart, fall silent, throttle, and
 * send an SMS to us. Everything passes by itself but throttling.
 */
import type { Millis } from '../../lib/clock.js';
import type { Simulator } from '../../lib/simulator/simulator.js';
import type { Asked, SimulatorHandle } from '../sidebar/desk.js';
import type { RefusalCode, SimulatorAction, SimulatorView } from '../sidebar/overview.js';

/** Long enough to see the failover, or the maintenance when both hosts restart. */
const RESTART_MS: Millis = 30_000;
/** A silent peer is found out after 15 s without octets and 5 s without an answer, if nothing is sent. */
const BLACKHOLE_MS: Millis = 45_000;
/** Slow enough that a handful of SMS shows it. */
const THROTTLED_TO = 1;
/** Incoming SMS that wait for a link that can receive. */
const INCOMING_MAX = 20;
const TEXT_MAX = 1_000;

type Trouble = 'isRestarting' | 'isSilent';

export class SimulatorControls implements SimulatorHandle {
  readonly #simulator: Simulator;
  readonly #underWay: Readonly<Record<Trouble, Set<string>>> = {
    isRestarting: new Set(),
    isSilent: new Set(),
  };
  #throttledTo = 0;
  #incoming = 0;

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
  }

  get connect(): Simulator['connect'] {
    return this.#simulator.connect;
  }

  stop(): Promise<void> {
    return this.#simulator.stop();
  }

  get view(): SimulatorView {
    return {
      hosts: this.#simulator.hosts.map(({ name }) => ({
        name,
        isRestarting: this.#underWay.isRestarting.has(name),
        isSilent: this.#underWay.isSilent.has(name),
      })),
      throttledTo: this.#throttledTo,
    };
  }

  /** Begins it, and returns at once. */
  do(asked: Asked): RefusalCode | undefined {
    switch (asked.action as SimulatorAction['action'] | undefined) {
      case 'restart':
        return this.#trouble(asked.host, 'isRestarting', (name) => this.#simulator.restart(name, RESTART_MS));
      case 'blackhole':
        return this.#trouble(asked.host, 'isSilent', (name) => this.#simulator.blackhole(name, BLACKHOLE_MS));
      case 'throttle':
        return this.#throttle(asked.isOn);
      case 'incoming':
        return this.#receive(asked);
      default:
        return 'invalid';
    }
  }

  #trouble(host: unknown, trouble: Trouble, begin: (name: string) => Promise<void>): RefusalCode | undefined {
    const name = this.#simulator.hosts.find((known) => known.name === host)?.name;
    if (name === undefined) return 'invalid';
    const underWay = this.#underWay[trouble];
    if (underWay.has(name)) return 'busy';
    underWay.add(name);
    void begin(name).finally(() => underWay.delete(name));
    return undefined;
  }

  #throttle(isOn: unknown): RefusalCode | undefined {
    if (typeof isOn !== 'boolean') return 'invalid';
    this.#throttledTo = isOn ? THROTTLED_TO : 0;
    this.#simulator.throttle(this.#throttledTo);
    return undefined;
  }

  #receive(asked: Asked): RefusalCode | undefined {
    const from = addressOf(asked.from);
    const to = addressOf(asked.to);
    const { text } = asked;
    if (from === undefined || to === undefined) return 'invalid';
    if (typeof text !== 'string' || text === '' || text.length > TEXT_MAX) return 'invalid';
    if (this.#incoming >= INCOMING_MAX) return 'busy';
    this.#incoming += 1;
    const done = (): void => void (this.#incoming -= 1);
    this.#simulator.incoming({ from, to, text }).then(done, done);
    return undefined;
  }
}

/** As a phone would show it: a number, or at most 11 letters. */
function addressOf(typed: unknown): string | undefined {
  if (typeof typed !== 'string') return undefined;
  const digits = typed.replace(/[\s+()-]/g, '');
  if (/^\d{1,15}$/.test(digits)) return digits;
  const name = typed.trim();
  return /^[\x20-\x7e]{1,11}$/.test(name) ? name : undefined;
}
