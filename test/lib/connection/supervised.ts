/** A supervisor on a fake clock, with a gateway in memory, and everything that it said. */
import { SHORT_SENDER } from '../../../lib/address-type.js';
import { LoginHold } from '../../../lib/connection/login-hold.js';
import {
  Supervisor,
  type SupervisorListener,
  type SupervisorOptions,
} from '../../../lib/connection/supervisor.js';
import type { Link } from '../../../lib/link.js';
import { DEFAULT_TIMERS } from '../../../lib/timers.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { wordFor } from '../../support/fake-link.js';
import { failingTest } from '../../support/fault.js';
import { segments } from '../session/builders.js';
import { fakeGateway, type FakeHost } from './fake-gateway.js';

export const DK1 = 'smpp-dk1.inmobile.dk';
export const DK2 = 'smpp-dk2.inmobile.dk';

export interface Supervised {
  readonly supervisor: Supervisor;
  readonly clock: FakeClock;
  readonly dk1: FakeHost;
  readonly dk2: FakeHost;
  /** Links that are up. */
  readonly links: Link[];
  /** Ids of the sessions that have ended. */
  readonly over: number[];
  readonly events: string[];
  readonly lines: string[];
  /** How often it was said that the account was bound in its mode for the first time. */
  readonly proven: () => number;
  /** `index status` or `index written|unwritten` of what `send` submitted. */
  readonly answers: string[];
  send(count?: number): Promise<void>;
}

export type SupervisedOptions = Partial<SupervisorOptions>;

export function aSupervisor(
  options: SupervisedOptions = {},
  listener: Partial<SupervisorListener> = {},
): Supervised {
  const clock = new FakeClock();
  const gateway = fakeGateway([DK1, DK2], () => clock.now());
  const links: Link[] = [];
  const over: number[] = [];
  const events: string[] = [];
  const lines: string[] = [];
  const answers: string[] = [];
  let proven = 0;
  const supervisor = new Supervisor(
    {
      hosts: [
        { host: DK1, port: 2775 },
        { host: DK2, port: 2775 },
      ],
      credentials: { systemId: 'tester', password: 'secret', systemType: '' },
      connectionMode: 'transceiver',
      links: 'failover',
      window: 10,
      shortSender: SHORT_SENDER,
      login: new LoginHold(),
      timers: DEFAULT_TIMERS,
      connect: gateway.connect,
      clock,
      random: () => 0,
      onFault: failingTest,
      ...options,
    },
    {
      bound: () => undefined,
      restartSigned: () => undefined,
      modeProven: () => {
        proven += 1;
      },
      linkUp: (link) => {
        links.push(link);
        events.push(`up ${link.host}`);
      },
      linkDown: (link) => {
        links.splice(links.indexOf(link), 1);
        events.push(`down ${link.host}`);
      },
      ready: () => undefined,
      delivery: (_delivery, respond, sessionId) => {
        events.push(`delivery ${sessionId > 0}`);
        respond(0);
      },
      answersRead: () => undefined,
      sessionOver: (sessionId) => over.push(sessionId),
      changed: () => undefined,
      log: (level, line) => lines.push(`${level} ${line}`),
      ...listener,
    },
  );
  return {
    supervisor,
    clock,
    dk1: gateway.host(DK1),
    dk2: gateway.host(DK2),
    links,
    over,
    events,
    lines,
    proven: () => proven,
    answers,
    async send(count = 1) {
      const link = links.find(({ capacity }) => capacity > 0);
      link?.submit(segments(count), (index, answer) => {
        answers.push(`${index} ${wordFor(answer)}`);
      });
      await settle();
    },
  };
}

/** Started, and whatever could be bound is. */
export async function running(
  options: SupervisedOptions = {},
  listener: Partial<SupervisorListener> = {},
): Promise<Supervised> {
  const supervised = aSupervisor(options, listener);
  supervised.supervisor.start();
  await settle();
  return supervised;
}
