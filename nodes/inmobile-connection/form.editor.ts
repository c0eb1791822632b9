/**
 * What the connection node's form does while it is open: shows the fields that matter, and forgets a stored
 * password when the place that it would be sent to is changed (contract section 3.1).
 */
import { PASSWORD_MAX } from '../../lib/inmobile.js';
import { prepareDoctor } from './doctor.editor.js';
import { passwordTarget, STORED } from './password-target.js';

const FIELD = '#node-config-input-';

/** @param id of the node */
export function prepareConnection(id: string): void {
  prepareDoctor(id);
  showWhatMatters();
  guardPassword();
  $(`${FIELD}password`).on('input', () => {
    const password = fieldValue('password');
    $('#inmobile-connection-password-long').toggle(password !== STORED && password.length > PASSWORD_MAX);
  });
}

function showWhatMatters(): void {
  const show = (): void => {
    const gateway = fieldValue('gateway');
    $('.inmobile-connection-custom').toggle(gateway === 'custom');
    $('.inmobile-connection-account').toggle(gateway !== 'simulator');
    $('.inmobile-connection-simulator').toggle(gateway === 'simulator');
    $('.inmobile-connection-disk').toggle(fieldValue('storage') !== 'memory');
  };
  $(`${FIELD}gateway, ${FIELD}storage`).on('change', show);
  show();
}

function guardPassword(): void {
  const target = (): string => passwordTarget(fieldValue('gateway'), fieldValue('hosts'), fieldValue('tls'));
  const before = target();
  const forget = (): void => {
    if (target() === before || target() === '' || fieldValue('password') !== STORED) return;
    $(`${FIELD}password`).val('').trigger('change');
    $('#inmobile-connection-password-cleared').show();
  };
  $(`${FIELD}gateway, ${FIELD}hosts, ${FIELD}tls`).on('change input', forget);
}

function fieldValue(name: string): string {
  const value = $(FIELD + name).val();
  return typeof value === 'string' ? value : '';
}
