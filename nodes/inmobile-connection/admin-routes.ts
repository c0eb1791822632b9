/**
 * What the connection node answers below Node-RED's admin root, each for who has the permission.
 *
 * Registered once as the node file is loaded: a route made by a node would stay when the node is gone.
 */
import type { Request, Response } from 'express';
import type { Node, NodeAPI } from 'node-red';
import { systemClock } from '../../lib/clock.js';
import { environmentOf } from '../shared/form-reader.js';
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
import { Doctor, type DoctorRequest } from './doctor.js';
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
  RED.httpAdmin.post(DOCTOR_PATH, mayWrite, (request, response) => {
    if (!isOfEditor(request)) {
      response
        .status(403)
        .json({ error: { code: 'DOCTOR_REFUSED', message: 'only the editor may ask this' } });
      return;
    }
    const asked = request.body as DoctorRequest;
    const node = typeof asked.id === 'string' ? live.get(asked.id)?.node : undefined;
    const surroundings = {
      environment: environmentOf(RED, node),
      tlsFiles: (id: string) => readTlsConfig(RED.nodes.getNode(id)),
      deployed: (id: string) => {
        const found = live.get(id);
        return found && { form: found.form, password: found.node.credentials.password };
      },
    };
    void doctor.answer(asked, surroundings).then(({ status, body }) => {
      response.status(status).set('Cache-Control', 'no-store').json(body);
    });
  });
}

function registerMetrics(
  RED: NodeAPI,
  live: ReadonlyMap<string, LiveConnection>,
  unusable: UnusableConnections,
): void {
  const mayRead = RED.auth.needsPermission('inmobile-connection.read');
  RED.httpAdmin.get(METRICS_PATH, mayRead, (_request, response) => {
    const running = Array.from(live.values(), ({ node, account }) => [node, account.status()] as const);
    // Without a series of theirs no alert would fire.
    const measured = [...running, ...unusable].map(([{ id, name = '' }, status]) => ({ id, name, status }));
    response.set('Cache-Control', 'no-store').type(METRICS_TYPE).send(metricsPage(measured));
  });
}

function registerSidebar(RED: NodeAPI, live: ReadonlyMap<string, LiveConnection>): void {
  const mayRead = RED.auth.needsPermission('inmobile-connection.read');
  const mayWrite = RED.auth.needsPermission('inmobile-connection.write');
  RED.httpAdmin.get(SIDEBAR_PATH, mayRead, (_request, response) => {
    answer(response, { status: 200, body: overviewOf(live, systemClock.wall()) });
  });
  RED.httpAdmin.get(QUEUE_PATH, mayRead, (request, response) => {
    void queueOf(live, request.query, systemClock.wall()).then((found) => answer(response, found));
  });
  RED.httpAdmin.post(CANCEL_PATH, mayWrite, (request, response) => {
    if (!isOfEditor(request)) answer(response, refuse('notEditor'));
    else void cancel(live, request.body as Asked).then((done) => answer(response, done));
  });
  RED.httpAdmin.post(SIMULATE_PATH, mayWrite, (request, response) => {
    answer(response, isOfEditor(request) ? simulate(live, request.body as Asked) : refuse('notEditor'));
  });
}

function answer(response: Response, { status, body }: Answer<unknown>): void {
  response.status(status).set('Cache-Control', 'no-store').json(body);
}

/** A page of another origin can send neither without being asked first, which Node-RED does not allow. */
function isOfEditor(request: Request): boolean {
  return request.is('application/json') !== false && request.xhr;
}
