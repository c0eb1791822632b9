/** Hands SMS to a Node-RED at a steady rate, and asks it again where there was no flow to take one. */
import type { Ledger } from './ledger.js';
import type { NodeRed } from './node-red.js';

export interface Traffic {
  /** Resolves when the last SMS has been handed over. */
  stop(): Promise<void>;
}

export function startTraffic(nodeRed: NodeRed, ledger: Ledger, perSecond: number): Traffic {
  const handing = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    const handed = nodeRed.hand(ledger.sms()).finally(() => handing.delete(handed));
    handing.add(handed);
  }, 1000 / perSecond);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(handing);
    },
  };
}
