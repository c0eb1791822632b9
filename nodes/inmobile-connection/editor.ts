/**
 * The connection node in the editor.
 *
 * The definition stands here as a literal: the flow library reads it from the built page.
 */
import { choiceProblem, liveValue, numberProblem, validator } from '../shared/catalogue.editor.js';
import { showDefaults } from '../shared/defaults.editor.js';
import { senderProblem } from '../shared/sender.editor.js';
import {
  accountProblem,
  addressTypeProblem,
  hostsProblem,
  passwordProblem,
  pinsProblem,
  systemIdProblem,
} from './checks.editor.js';
import { prepareConnection } from './form.editor.js';

const TYPE = 'inmobile-connection';
const gatewayOf = (saved: unknown): string => liveValue('#node-config-input-gateway', saved);

/** A choice between words. */
const choice = (...words: string[]): ReturnType<typeof validator> =>
  validator(TYPE, (value) => choiceProblem(value, words));

RED.nodes.registerType('inmobile-connection', {
  category: 'config',
  icon: 'inmobile.svg',
  defaults: {
    name: { value: '' },
    gateway: {
      value: 'inmobile',
      validate: validator(
        TYPE,
        (value, { credentials }) =>
          choiceProblem(value, ['inmobile', 'custom', 'simulator']) ?? accountProblem(value, credentials),
      ),
    },
    hosts: {
      value: '',
      validate: validator(TYPE, (value, node) =>
        gatewayOf(node.gateway) === 'custom' ? hostsProblem(value) : undefined,
      ),
    },
    connectionMode: {
      value: 'transceiver',
      validate: choice('transceiver', 'transmitter', 'receiver', 'pair'),
    },
    links: { value: 'failover', validate: choice('failover', 'both') },
    window: { value: '10', validate: validator(TYPE, (value) => numberProblem(value, 1, 1000)) },
    segmentsPerSecond: { value: '', validate: validator(TYPE, (value) => numberProblem(value, 1, 10_000)) },
    shortSender: { value: '3/0', validate: validator(TYPE, addressTypeProblem) },
    onUncertain: { value: 'resend', validate: choice('resend', 'reconcile', 'report') },
    storage: { value: 'disk', validate: choice('disk', 'memory') },
    storageDirectory: { value: '' },
    tls: { value: '', type: 'tls-config', required: false },
    pins: { value: '', validate: validator(TYPE, pinsProblem) },
    pinMode: { value: 'warn', validate: choice('warn', 'enforce') },
    sender: { value: '', validate: validator(TYPE, senderProblem) },
    defaultCountry: {
      value: 'DK',
      validate: validator(TYPE, (value) => (/^([A-Za-z]{2})?$/.test(value.trim()) ? undefined : 'country')),
    },
  },
  credentials: {
    systemId: {
      type: 'text',
      validate: validator(TYPE, (value, node) => systemIdProblem(value, gatewayOf(node.gateway))),
    },
    password: {
      type: 'password',
      validate: validator(TYPE, (value, node) => passwordProblem(value, gatewayOf(node.gateway))),
    },
  },
  label() {
    if (this.name !== undefined && this.name !== '') return this.name;
    const [firstHost = ''] = typeof this.hosts === 'string' ? this.hosts.trim().split(/[\s,]+/) : [];
    if (this.gateway === 'custom' && firstHost !== '') return firstHost;
    return this.gateway === 'simulator' ? 'inMobile (simulator)' : 'inMobile';
  },
  oneditprepare() {
    showDefaults(this, 'node-config-input');
    prepareConnection(this.id);
  },
});
