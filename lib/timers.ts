/** Every timer of the client, each with its default (contract section 4). */
import type { Millis } from './clock.js';

/** All in milliseconds. */
export interface Timers {
  /** Name to addresses. */
  readonly dnsMs: Millis;
  /** TCP handshake. */
  readonly connectMs: Millis;
  /** TLS handshake; Node has no timer of its own for it. */
  readonly tlsMs: Millis;
  /** bind to bind_resp. */
  readonly bindMs: Millis;
  /** Silence of the peer, in octets, after which enquire_link is sent. */
  readonly enquireLinkMs: Millis;
  /** enquire_link to any answer; then the link is dead. */
  readonly enquireLinkAnswerMs: Millis;
  /** A response this late has the link probed with enquire_link. */
  readonly responseProbeMs: Millis;
  /** An answer to a deliver_sm that no request follows within this is followed by enquire_link, whose answer proves it read. */
  readonly answerProofMs: Millis;
  /** A response this late on a link that lives leaves the outcome of its SMS unknown; it counts when it comes after all. */
  readonly responseMs: Millis;
  /** How long answers under way are waited for when a session is left. */
  readonly drainMs: Millis;
  /** unbind to unbind_resp. */
  readonly unbindMs: Millis;
  /** How long we read on after the gateway's own unbind. */
  readonly unboundReadMs: Millis;
  /** The other host is tried within this after a loss. */
  readonly otherHostMs: Millis;
  /** First back-off of a host, doubled with each further failure. */
  readonly backoffFirstMs: Millis;
  readonly backoffMaxMs: Millis;
  /** A session bound this long clears its host's back-off. */
  readonly stableMs: Millis;
}

export const DEFAULT_TIMERS: Timers = {
  dnsMs: 5_000,
  connectMs: 5_000,
  tlsMs: 5_000,
  bindMs: 5_000,
  enquireLinkMs: 15_000,
  enquireLinkAnswerMs: 5_000,
  responseProbeMs: 10_000,
  answerProofMs: 1_000,
  responseMs: 30_000,
  drainMs: 3_000,
  unbindMs: 1_000,
  unboundReadMs: 2_000,
  otherHostMs: 250,
  backoffFirstMs: 500,
  backoffMaxMs: 30_000,
  stableMs: 30_000,
};
