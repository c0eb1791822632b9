/** A gateway client and the simulated gateway, joined by real TLS on loopback. */
import { createGateway, type Gateway, type GatewayOptions } from '../../lib/gateway.js';
import type { GatewayStatus, OutboundSms, SubmitResult } from '../../lib/message.js';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../lib/simulator/simulator.js';

export interface OverTls {
  readonly simulator: Simulator;
  readonly gateway: Gateway;
  readonly lines: string[];
  stop(): Promise<void>;
}

export async function overTls(
  options: Partial<GatewayOptions> = {},
  simulatorOptions: SimulatorOptions = {},
): Promise<OverTls> {
  const simulator = await startSimulator({ receiptDelayMs: 5, ...simulatorOptions });
  const lines: string[] = [];
  const gateway = createGateway({
    hosts: simulator.hosts,
    systemId: 'demo',
    password: 'secret',
    tls: { ca: simulator.ca },
    log: (level, line) => lines.push(`${level}: ${line}`),
    ...options,
  });
  return {
    simulator,
    gateway,
    lines,
    stop: async () => {
      await gateway.stop();
      await simulator.stop();
    },
  };
}

/** Resolves with the first status that fits. */
export function statusWhere(
  gateway: Gateway,
  fits: (status: GatewayStatus) => boolean,
): Promise<GatewayStatus> {
  return new Promise((resolve) => {
    const unsubscribe = gateway.onStatus((status) => {
      if (!fits(status)) return;
      // The first status comes before `onStatus` has returned.
      queueMicrotask(() => unsubscribe());
      resolve(status);
    });
  });
}

export const connected = (gateway: Gateway): Promise<GatewayStatus> =>
  statusWhere(gateway, ({ state }) => state === 'connected');

/** A listener and the events it was given; `next(n)` resolves when there are n. */
export function collector<T>(): {
  take: (event: T) => void;
  events: T[];
  reach: (count: number) => Promise<T[]>;
} {
  const events: T[] = [];
  let wake: (() => void) | undefined;
  return {
    events,
    take: (event) => {
      events.push(event);
      wake?.();
    },
    reach: async (count) => {
      while (events.length < count) await new Promise<void>((resolve) => (wake = resolve));
      return events;
    },
  };
}

/** Sends steadily until told to stop; resolves with every result. */
export function traffic(gateway: Gateway, sms: (index: number) => OutboundSms, everyMs: number) {
  const sent: Promise<SubmitResult>[] = [];
  const timer = setInterval(() => sent.push(gateway.send(sms(sent.length))), everyMs);
  return {
    get count(): number {
      return sent.length;
    },
    stop: async (): Promise<SubmitResult[]> => {
      clearInterval(timer);
      return await Promise.all(sent);
    },
  };
}
