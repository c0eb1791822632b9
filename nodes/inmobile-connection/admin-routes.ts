/**
 * What the connection node answers below Node-RED's admin root, each for who has the permission.
 *
 * Registered once as the node file is loaded: a route made by a node would stay when the node is gone.
 */
import type { Request, Response } from 'express';
import type { Node, NodeAPI } from 'node-red';
import { systemClock } from '../../lib/clock.js';
import { environmentOf, type Environment } from '../shared/form-reader.js';
import {
  cancel,
  overviewOf,
  queueOf,
  refuse,
  simulate,
  type Answer,
  type Asked,
  type Watched,
} from '../sidebar/desk.js';
import type { GatewayStatus } from '../../lib/message.js';
import { Doctor, portsOf, type DoctorRequest, type DoctorSurroundings } from './doctor.js';
import type { ConnectionCredentials, ConnectionForm } from './form.js';
import { metricsPage, METRICS_TYPE } from './metrics.js';
import { readTlsConfig } from './read-tls-config.js';

/** A connection node that runs. */
export interface LiveConnection {
  readonly node: Node<ConnectionCredentials>;
  readonly account: Watched;
  readonly form: ConnectionForm;
}

const METRICS_PATH = '/inmobile-smpp/metrics';
const DOCTOR_PATH = '/inmobile-smpp/doctor';
const SIDEBAR_PATH = '/inmobile-smpp/sidebar';
const QUEUE_PATH = '/inmobile-smpp/sidebar/queue';
const CANCEL_PATH = '/inmobile-smpp/sidebar/cancel';
const SIMULATE_PATH = '/inmobile-smpp/sidebar/simulate';

/** Connection nodes with wrong settings, each with its status. */
export type UnusableConnections = ReadonlyMap<Node, GatewayStatus>;

/** @param live by id of the node; both change as nodes come and go */
export function registerAdminRoutes(
  RED: NodeAPI,
  live: ReadonlyMap<string, LiveConnection>,
  unusable: UnusableConnections,
): void {
  registerDoctor(RED, live);
  registerMetrics(RED, live, unusable);
  registerSidebar(RED, live);
}

function registerDoctor(RED: NodeAPI, live: ReadonlyMap<string, LiveConnection>): void {
  const doctor = new Doctor(systemClock);
  const mayWrite = RED.auth.needsPermission('inmobile-connection.write');
  RED.httpAdmin.post(DOCTOR_PATH, mayWrite, apart, (request, response) => {
    if (!isOfEditor(request)) {
      const message = 'only the editor may ask this; a proxy before it has to hand on the header Host';
      response.status(403).json({ error: { code: 'DOCTOR_REFUSED', message } });
      return;
    }
    const asked = request.body as DoctorRequest;
    const environment = (id: unknown): Environment =>
      environmentOf(RED, typeof id === 'string' ? live.get(id)?.node : undefined);
    const deployed = deployedConnections(RED);
    const surroundings: DoctorSurroundings = {
      environment: environment(asked.id),
      tlsFiles: (id) => readTlsConfig(RED.nodes.getNode(id)),
      deployed: (id) => {
        const form = deployed.get(id);
        return (
          form && { form, systemId: systemIdOf(RED, id), password: live.get(id)?.node.credentials.password }
        );
      },
      deployedPorts: () => Array.from(deployed, ([id, form]) => portsOf(form, environment(id))).flat(),
    };
    void doctor.answer(asked, surroundings).then(({ status, body }) => {
      response.status(status).set('Cache-Control', 'no-store').json(body);
    });
  });
}

/** As they stand in the flows, by id: a node is handed its own with variables filled in. */
function deployedConnections(RED: NodeAPI): ReadonlyMap<string, ConnectionForm> {
  const forms = new Map<string, ConnectionForm>();
  RED.nodes.eachNode((node) => {
    if (node.type === 'inmobile-connection') forms.set(node.id, node as object);
  });
  return forms;
}

function systemIdOf(RED: NodeAPI, id: string): string | undefined {
  return (RED.nodes.getCredentials(id) as ConnectionCredentials | null | undefined)?.systemId;
}

function registerMetrics(
  RED: NodeAPI,
  live: ReadonlyMap<string, LiveConnection>,
  unusable: UnusableConnections,
): void {
  const mayRead = RED.auth.needsPermission('inmobile-connection.read');
  RED.httpAdmin.get(METRICS_PATH, mayRead, apart, (_request, response) => {
    const running = Array.from(live.values(), ({ node, account }) => [node, account.status()] as const);
    // Without a series of theirs no alert would fire.
    const measured = [...running, ...unusable].map(([{ id, name = '' }, status]) => ({ id, name, status }));
    response.set('Cache-Control', 'no-store').type(METRICS_TYPE).send(metricsPage(measured));
  });
}

function registerSidebar(RED: NodeAPI, live: ReadonlyMap<string, LiveConnection>): void {
  const mayRead = RED.auth.needsPermission('inmobile-connection.read');
  const mayWrite = RED.auth.needsPermission('inmobile-connection.write');
  RED.httpAdmin.get(SIDEBAR_PATH, mayRead, apart, (_request, response) => {
    answer(response, { status: 200, body: overviewOf(live, systemClock.wall()) });
  });
  RED.httpAdmin.get(QUEUE_PATH, mayRead, apart, (request, response) => {
    void queueOf(live, request.query, systemClock.wall()).then((found) => answer(response, found));
  });
  RED.httpAdmin.post(CANCEL_PATH, mayWrite, apart, (request, response) => {
    if (!isOfEditor(request)) answer(response, refuse('notEditor'));
    else void cancel(live, request.body as Asked).then((done) => answer(response, done));
  });
  RED.httpAdmin.post(SIMULATE_PATH, mayWrite, apart, (request, response) => {
    answer(response, isOfEditor(request) ? simulate(live, request.body as Asked) : refuse('notEditor'));
  });
}

function answer(response: Response, { status, body }: Answer<unknown>): void {
  response.status(status).set('Cache-Control', 'no-store').json(body);
}

/** Node-RED lets pages of every origin read what it answers: not what we do. */
function apart(_request: Request, response: Response, next: () => void): void {
  response.removeHeader('Access-Control-Allow-Origin');
  next();
}

/**
 * Whether a page of the editor's own origin, or a program, has sent it.
 *
 * A page of another origin can send neither JSON nor the header of `xhr` without a preflight. But Node-RED answers every
 * preflight with yes before any route is asked, so what browsers say of the sender counts too; no page can change that.
 */
function isOfEditor(request: Request): boolean {
  if (request.is('application/json') === false || !request.xhr) return false;
  const site = request.get('Sec-Fetch-Site');
  const origin = request.get('Origin');
  if (site !== undefined) return site === 'same-origin';
  return origin === undefined || origin.split('//')[1] === request.get('Host');
}
