/**
 * Opens a verified TLS connection to a host, or says in plain words why not.
 *
 * Each phase (name, TCP, TLS) has a timer of its own: Node has none for the handshake, and the system's own for
 * TCP takes minutes. Nothing of SMPP is written before the peer has proven to be the host, and there is no way
 * to switch that off; plain TCP exists for loopback addresses alone, where the simulator is.
 * Source: gateway.md (TLS); contract section 4 (timers).
 */
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

import type { Millis } from '../clock.js';
import { kindOf, SmppError } from '../errors.js';
import type { Timers } from '../timers.js';
import { connectError, lookupError, tlsError } from './connect-error.js';
import { HostNames, type Address } from './host-names.js';
import { checkPins } from './pins.js';
import { readTrust, type TlsOptions, type Trust } from './trust.js';

/**
 * The transport seam: a connected byte stream to a host, which its receiver owns.
 *
 * Aborted by `signal`, it rejects and leaves nothing open.
 */
export type Connect = (host: string, port: number, signal: AbortSignal) => Promise<Duplex>;

/**
 * What a Connect of somebody's own has resolved to, if it is a stream.
 *
 * @throws SMPP_OPTIONS, field `connect`
 */
export function asTransport(given: unknown): Duplex {
  const stream = given as Partial<Duplex> | null | undefined;
  if (
    typeof stream?.on === 'function' &&
    typeof stream.write === 'function' &&
    typeof stream.destroy === 'function'
  )
    return stream as Duplex;
  throw new SmppError(
    'SMPP_OPTIONS',
    `connect: must resolve to a Duplex stream, resolved to ${kindOf(given)}`,
    {
      field: 'connect',
    },
  );
}

/** What has to go well, in this order. */
export type Phase = 'dns' | 'tcp' | 'tls';

export interface TlsConnectOptions {
  /** `false`: plain TCP, to loopback addresses alone. */
  readonly tls: TlsOptions | false;
  readonly timers: Pick<Timers, 'dnsMs' | 'connectMs' | 'tlsMs'>;
  /** A certificate that matches no pin, under pinMode `warn`; one line, once for each that a host shows. */
  readonly onWarning: (line: string) => void;
  /** Called as each phase has gone well. */
  readonly onPhase?: (phase: Phase) => void;
  /** Addresses that are not connected to, whatever name leads to them. */
  readonly refusesAddress?: (address: string) => boolean;
}

/**
 * Makes a Connect from options.
 *
 * The Connect rejects with SMPP_CONNECT when there is no name, TCP or TLS, with SMPP_CERTIFICATE when the peer
 * is not proven to be the host, with SMPP_OPTIONS when plain TCP is asked for beyond loopback, and with
 * SMPP_STOPPED when aborted.
 *
 * @throws SMPP_OPTIONS naming the field when a certificate, key or pin cannot be used
 */
export function connectTls(options: TlsConnectOptions): Connect {
  const names = new HostNames();
  const trust = options.tls === false ? undefined : readTrust(options.tls);
  const { onPhase = ignore, onWarning } = options;
  const warned = new Set<string>();
  return async (host, port, signal) => {
    const peer = { host, port, signal };
    const addresses = await lookUp(names, peer, options.timers.dnsMs);
    if (trust === undefined) requireLoopback(host, addresses);
    requireAllowed(host, addresses, options.refusesAddress);
    onPhase('dns');
    const socket = await openTcp(peer, addresses, options.timers.connectMs);
    onPhase('tcp');
    if (trust === undefined) return socket;
    const secure = await openTls(socket, peer, {
      trust,
      limitMs: options.timers.tlsMs,
      onWarning: (line) => {
        if (warned.has(line) || warned.size === WARNED_MAX) return;
        warned.add(line);
        onWarning(line);
      },
    });
    onPhase('tls');
    return secure;
  };
}

/** Different certificates without a pin that are told of; more is a gateway that makes one for each connection. */
const WARNED_MAX = 100;

interface Peer {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}

/** Of several addresses one gets this long at most: a handshake whose first packet was lost, and sent again after 1 s. */
const ATTEMPT_MAX_MS: Millis = 1_500;
/** Node takes no less. */
const ATTEMPT_MIN_MS: Millis = 10;

/** @param shareMs of the whole time */
function attemptMs(shareMs: Millis): Millis {
  return Math.max(ATTEMPT_MIN_MS, Math.floor(Math.min(ATTEMPT_MAX_MS, shareMs)));
}

/** Finds a dead peer that no timer of SMPP watches, such as one that is draining. */
const KEEP_ALIVE_AFTER_MS: Millis = 30_000;

async function lookUp(
  names: HostNames,
  { host, signal }: Peer,
  limitMs: Millis,
): Promise<readonly Address[]> {
  const timeout = new SmppError(
    'SMPP_CONNECT',
    `The name ${host} was not looked up within ${limitMs} ms: check the name server of this machine`,
    { host },
  );
  try {
    return await within(limitMs, signal, names.lookUp(host), timeout);
  } catch (error) {
    const known = names.lastKnown(host);
    if (known !== undefined && !signal.aborted) return known;
    throw error instanceof SmppError ? error : lookupError(host, error);
  }
}

async function openTcp(peer: Peer, addresses: readonly Address[], limitMs: Millis): Promise<net.Socket> {
  const socket = net.connect({
    host: peer.host,
    port: peer.port,
    lookup: (_host, _options, done) => done(null, [...addresses]),
    // Node tries them one after the other. Said here, since the process may have that switched off, and the 250 ms of
    // Node's own are less than a handshake over a slow network takes.
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: attemptMs(limitMs / addresses.length),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
  });
  socket.on('error', ignore); // an error without a listener would end the process
  const name = `${peer.host}:${peer.port}`;
  const timeout = new SmppError(
    'SMPP_CONNECT',
    `${name} did not answer within ${limitMs} ms: check the host, and that the firewall lets this port out`,
    { host: name },
  );
  try {
    await within(limitMs, peer.signal, once(socket, 'connect'), timeout);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error instanceof SmppError ? error : connectError(name, error);
  }
}

interface Handshake {
  readonly trust: Trust;
  readonly limitMs: Millis;
  readonly onWarning: (line: string) => void;
}

async function openTls(socket: net.Socket, peer: Peer, handshake: Handshake): Promise<tls.TLSSocket> {
  const { trust, limitMs, onWarning } = handshake;
  const name = `${peer.host}:${peer.port}`;
  const secure = tls.connect({
    socket,
    secureContext: trust.context,
    // An address is no server name (RFC 6066 §3), and newer Node throws for it.
    ...(net.isIP(peer.host) === 0 ? { servername: peer.host } : {}),
    // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not reach us.
    rejectUnauthorized: true,
    checkServerIdentity: (_name, certificate) =>
      tls.checkServerIdentity(peer.host, certificate) ?? checkPins(certificate, trust, name, onWarning),
  });
  secure.on('error', ignore);
  const timeout = new SmppError(
    'SMPP_CONNECT',
    `${name} took the connection but did not complete TLS within ${limitMs} ms: check that the port is the one for TLS`,
    { host: name },
  );
  try {
    await within(limitMs, peer.signal, once(secure, 'secureConnect'), timeout);
    return secure;
  } catch (error) {
    secure.destroy();
    socket.destroy();
    throw error instanceof SmppError ? error : tlsError(name, error);
  }
}

/** @throws SMPP_OPTIONS: a password in clear text would be readable on the way */
function requireLoopback(host: string, addresses: readonly Address[]): void {
  if (addresses.every(({ address }) => /^127\.|^::1$|^::ffff:127\./.test(address))) return;
  throw new SmppError(
    'SMPP_OPTIONS',
    `tls is false, but ${host} is not this machine: without TLS only loopback addresses are connected to`,
    { field: 'tls', host },
  );
}

/** @throws SMPP_CONNECT: the addresses are those that would be connected to, so no later answer slips by */
function requireAllowed(
  host: string,
  addresses: readonly Address[],
  refuses: TlsConnectOptions['refusesAddress'] = () => false,
): void {
  const refused = addresses.find(({ address }) => refuses(address));
  if (refused === undefined) return;
  const message = `${host} leads to ${refused.address}, which is not an address of the internet: check the name server`;
  const cause = Object.assign(new Error(message), { code: 'ADDRESS_REFUSED' });
  throw new SmppError('SMPP_CONNECT', message, { host, cause });
}

/** What `work` gives, or `timeout` as a rejection when that takes too long, or SMPP_STOPPED when aborted. */
async function within<T>(
  limitMs: Millis,
  signal: AbortSignal,
  work: Promise<T>,
  timeout: SmppError,
): Promise<T> {
  work.catch(ignore); // it may still fail when nobody waits for it any more
  let giveUp: () => void = ignore;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(new SmppError('SMPP_STOPPED', 'The attempt to connect was given up'));
    timer = setTimeout(() => reject(timeout), limitMs);
  });
  limit.catch(ignore);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp);
  try {
    return await Promise.race([limit, work]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

function ignore(): void {
  // The error arrives as a rejection or as the end of the connection.
}
