/**
 * The connection doctor of the form: one request, one diagnosis with what the form holds now.
 *
 * The stored password goes to the deployed hosts alone, inMobile's names lead to addresses of the internet alone, and
 * one diagnosis runs at a time, so that nobody can have a network searched through it. That nobody can have an account
 * locked is the library's care, which counts refused logins.
 */
import { BlockList, isIPv6 } from 'node:net';
import type { Clock, Millis } from '../../lib/clock.js';
import { asSmppError } from '../../lib/errors.js';
import { diagnose, type DiagnosisPlan, type GatewayOptions } from '../../lib/gateway.js';
import type { HostDiagnosis } from '../../lib/message.js';
import { createSimulator } from '../../lib/simulator/simulator.js';
import { FormReader, type Environment } from '../shared/form-reader.js';
import type { ConnectionCredentials, ConnectionForm } from './form.js';
import { passwordTarget, STORED } from './password-target.js';
import { readOptions } from './read-options.js';
import type { TlsFiles } from './read-tls-config.js';

/** What the form sends. */
export interface DoctorRequest extends ConnectionForm, ConnectionCredentials {
  /** Of the connection node. */
  readonly id?: unknown;
  /** Every mode, at the first host, instead of the one that is chosen. */
  readonly tryAllModes?: unknown;
}

export interface DoctorSurroundings {
  /** A connection node that runs. */
  readonly deployed: (
    id: string,
  ) => { readonly form: ConnectionForm; readonly password: string | undefined } | undefined;
  readonly environment: Environment;
  readonly tlsFiles: (id: string) => TlsFiles | undefined;
}

/** A status of HTTP, and what the form shows. */
export interface DoctorAnswer {
  readonly status: 200 | 400 | 409 | 429;
  readonly body:
    | { readonly hosts: readonly HostDiagnosis[] }
    | { readonly error: { readonly code: string; readonly message: string; readonly field?: string } };
}

const DIAGNOSES_MAX = 6;
const DIAGNOSES_WITHIN_MS: Millis = 60_000;

const OTHER_PLACE =
  'the stored password is used for the deployed hosts and TLS setting only: enter it to test others';

export class Doctor {
  readonly #clock: Clock;
  #isBusy = false;
  #diagnosedAt: Millis[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Never rejects. */
  async answer(request: DoctorRequest, surroundings: DoctorSurroundings): Promise<DoctorAnswer> {
    const now = this.#clock.now();
    this.#diagnosedAt = this.#diagnosedAt.filter((at) => at > now - DIAGNOSES_WITHIN_MS);
    if (this.#isBusy) return refused(409, 'DOCTOR_BUSY', 'another test is running: wait for it');
    if (this.#diagnosedAt.length >= DIAGNOSES_MAX)
      return refused(429, 'DOCTOR_RATE', 'at most 6 tests a minute: wait a little');
    this.#isBusy = true;
    this.#diagnosedAt.push(now);
    try {
      const password = passwordOf(request, surroundings);
      if (password === undefined) return refused(400, 'DOCTOR_PASSWORD', OTHER_PLACE);
      return { status: 200, body: { hosts: await examine({ ...request, password }, surroundings) } };
    } catch (error) {
      const { code, message, field } = asSmppError(error, 'SMPP_OPTIONS');
      return { status: 400, body: { error: { code, message, ...(field !== undefined && { field }) } } };
    } finally {
      this.#isBusy = false;
    }
  }
}

async function examine(request: DoctorRequest, surroundings: DoctorSurroundings): Promise<HostDiagnosis[]> {
  const { isSimulated, options } = readRequest(request, surroundings);
  if (isSimulated) return examineSimulator(options, request);
  return diagnose(options, { ...planOf(request), refusesAddress: refusalOf(request.gateway) });
}

function readRequest(
  request: DoctorRequest,
  { environment, tlsFiles }: DoctorSurroundings,
): ReturnType<typeof readOptions> {
  const { systemId = '', password = '' } = request;
  const tls = typeof request.tls === 'string' && request.tls !== '_ADD_' ? request.tls : '';
  // Nothing is stored by a test, so where does not matter.
  const form = { ...request, tls, storage: 'memory' };
  return readOptions(
    form,
    { systemId, password },
    { environment, directory: undefined, tlsFiles: tls === '' ? undefined : tlsFiles(tls) },
  );
}

/** Undefined when the stored password would go to another place than it was deployed for. */
function passwordOf(
  request: DoctorRequest,
  { deployed, environment }: DoctorSurroundings,
): string | undefined {
  const { id, password = '' } = request;
  if (password !== STORED) return password;
  const stored = typeof id === 'string' ? deployed(id) : undefined;
  const isSame =
    stored !== undefined && targetOf(stored.form, environment) === targetOf(request, environment);
  return isSame ? stored.password : undefined;
}

/** Node-RED has filled in the environment values of a deployed form, and not those of an open one. */
function targetOf(form: ConnectionForm, environment: Environment): string {
  const reader = new FormReader(form, environment);
  return passwordTarget(reader.text('gateway'), reader.text('hosts'), reader.text('tls'));
}

function planOf({ tryAllModes }: DoctorRequest): DiagnosisPlan {
  if (tryAllModes !== true) return {};
  return { modes: ['transceiver', 'transmitter', 'receiver'], onlyFirstHost: true };
}

async function examineSimulator(options: GatewayOptions, request: DoctorRequest): Promise<HostDiagnosis[]> {
  const simulator = createSimulator();
  try {
    // It is known to be well, and a person waits.
    return await diagnose({ ...options, connect: simulator.connect }, { ...planOf(request), keepsBindMs: 0 });
  } finally {
    await simulator.stop();
  }
}

/** Where clouds keep the keys of their machines; no SMS gateway is there. */
const LINK_LOCAL = blockList([
  ['169.254.0.0', 16],
  ['fe80::', 10],
  ['fd00:ec2::254', 128],
]);

/** Where inMobile's hosts can never be (RFC 6890). */
const NOT_PUBLIC = blockList([
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
]);

/** The addresses that are not connected to. A person who names hosts of their own may name one in their own network. */
export function refusalOf(gateway: unknown): (address: string) => boolean {
  const list = gateway === 'custom' ? LINK_LOCAL : NOT_PUBLIC;
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function blockList(subnets: readonly (readonly [network: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, isIPv6(network) ? 'ipv6' : 'ipv4');
  return list;
}

function refused(status: 400 | 409 | 429, code: string, message: string): DoctorAnswer {
  return { status, body: { error: { code, message } } };
}
