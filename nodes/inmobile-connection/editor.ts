/**
 * The connection node in the editor.
 *
 * The definition stands here as a literal: the flow library reads it from the built page.
 */
import { liveValue, numberProblem, validator } from '../shared/catalogue.editor.js';
import { hostsProblem, pinsProblem } from './checks.editor.js';
import { prepareConnection } from './form.editor.js';

const TYPE = 'inmobile-connection';
const isCustom = (saved: unknown): boolean => liveValue('#node-config-input-gateway', saved) === 'custom';

RED.nodes.registerType('inmobile-connection', {
  category: 'config',
  icon: 'inmobile.svg',
  defaults: {
    name: { value: '' },
    gateway: { value: 'inmobile' },
    hosts: {
      value: '',
      validate: validator(TYPE, (value, node) => (isCustom(node.gateway) ? hostsProblem(value) : undefined)),
    },
    connectionMode: { value: 'transceiver' },
    links: { value: 'failover' },
    window: { value: '10', validate: validator(TYPE, (value) => numberProblem(value, 1, 1000)) },
    segmentsPerSecond: { value: '', validate: validator(TYPE, (value) => numberProblem(value, 1, 10_000)) },
    onUncertain: { value: 'resend' },
    storage: { value: 'disk' },
    storageDirectory: { value: '' },
    tls: { value: '', type: 'tls-config', required: false },
    pins: { value: '', validate: validator(TYPE, pinsProblem) },
    pinMode: { value: 'warn' },
    defaultCountry: {
      value: 'DK',
      validate: validator(TYPE, (value) => (/^([A-Za-z]{2})?$/.test(value.trim()) ? undefined : 'country')),
    },
  },
  credentials: {
    systemId: { type: 'text' },
    password: { type: 'password' },
  },
  label() {
    return this.name !== undefined && this.name !== '' ? this.name : `inMobile (${String(this.gateway)})`;
  },
  oneditprepare() {
    prepareConnection(this.id);
  },
});
