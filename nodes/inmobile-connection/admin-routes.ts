/**
 * What the connection node answers below Node-RED's admin root, each for who has the permission.
 *
 * Registered once as the node file is loaded: a route made by a node would stay when the node is gone.
 */
import type { Node, NodeAPI } from 'node-red';
import { systemClock } from '../../lib/clock.js';
import type { Connection } from '../shared/connection.js';
import { Doctor, type DoctorRequest } from './doctor.js';
import type { ConnectionCredentials, ConnectionForm, Environment } from './form.js';
import { metricsPage, METRICS_TYPE } from './metrics.js';
import { readTlsConfig } from './read-tls-config.js';

/** A connection node that runs. */
export interface LiveConnection {
  readonly node: Node<ConnectionCredentials>;
  readonly account: Pick<Connection, 'status'>;
  readonly form: ConnectionForm;
}

const METRICS_PATH = '/inmobile-smpp/metrics';
const DOCTOR_PATH = '/inmobile-smpp/doctor';

/** @param live by id of the node; changes as nodes come and go */
export function registerAdminRoutes(RED: NodeAPI, live: ReadonlyMap<string, LiveConnection>): void {
  registerDoctor(RED, live);
  registerMetrics(RED, live);
}

function registerDoctor(RED: NodeAPI, live: ReadonlyMap<string, LiveConnection>): void {
  const doctor = new Doctor(systemClock);
  const mayWrite = RED.auth.needsPermission('inmobile-connection.write');
  RED.httpAdmin.post(DOCTOR_PATH, mayWrite, (request, response) => {
    // A page of another origin can send neither without being asked first, which Node-RED does not allow.
    const isOurs = request.is('application/json') !== false && request.xhr;
    if (!isOurs) {
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

function registerMetrics(RED: NodeAPI, live: ReadonlyMap<string, LiveConnection>): void {
  const mayRead = RED.auth.needsPermission('inmobile-connection.read');
  RED.httpAdmin.get(METRICS_PATH, mayRead, (_request, response) => {
    const measured = [...live.values()].map(({ node: { id, name = '' }, account }) => ({
      id,
      name,
      status: account.status(),
    }));
    response.set('Cache-Control', 'no-store').type(METRICS_TYPE).send(metricsPage(measured));
  });
}

/** @param node undefined: not deployed yet, so of no flow */
export function environmentOf(RED: NodeAPI, node: Node | undefined): Environment {
  return (name) => {
    const value: unknown = node === undefined ? process.env[name] : RED.util.getSetting(node, name);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
}
