/**
 * The connection doctor in the form: asks the runtime to go the way to each host, and shows how far it came.
 *
 * What it says is text, never markup: part of it may be a peer's.
 */
import type { DiagnosisStep, HostDiagnosis } from '../../lib/message.js';
import { say } from '../shared/catalogue.editor.js';
import { pinToGive, wordsOf, type DoctorProblem } from './doctor-words.editor.js';

const TYPE = 'inmobile-connection';
const FIELD = '#node-config-input-';
const PART = '#inmobile-connection-doctor';

/** Relative: the editor may stand below a root of its own. */
const ROUTE = 'inmobile-smpp/doctor';

const FIELDS = [
  'gateway',
  'hosts',
  'connectionMode',
  'tls',
  'pins',
  'pinMode',
  'systemId',
  'password',
] as const;

interface Answer {
  readonly hosts?: readonly HostDiagnosis[];
  readonly error?: DoctorProblem;
}

/** Prepares the doctor of an open form. @param id of the node */
export function prepareDoctor(id: string): void {
  const run = (tryAllModes: boolean): void => {
    const form = Object.fromEntries(FIELDS.map((name) => [name, fieldValue(name)]));
    const buttons = $(`${PART}-test, ${PART}-modes`).prop('disabled', true);
    $(`${PART}-modes-row`).hide();
    show([line('spinner fa-spin', say(TYPE, 'doctor.running'))]);
    void $.ajax({
      url: ROUTE,
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify({ ...form, id, tryAllModes }),
      complete: (request) => {
        buttons.prop('disabled', false);
        showAnswer(read(request), tryAllModes);
      },
    });
  };
  $(`${PART}-test`).on('click', (event) => {
    event.preventDefault();
    run(false);
  });
  $(`${PART}-modes`).on('click', (event) => {
    event.preventDefault();
    run(true);
  });
}

function read({ status, responseText }: JQuery.jqXHR): Answer {
  try {
    return JSON.parse(responseText) as Answer;
  } catch {
    // Node-RED's own refusal, such as of a user who may not; or nobody's, when it is stopped.
    const code = status === 401 || status === 403 ? 'DOCTOR_REFUSED' : 'DOCTOR_OFFLINE';
    return { error: { code, message: code } };
  }
}

function showAnswer({ hosts = [], error }: Answer, triedAllModes: boolean): void {
  if (error !== undefined) {
    show([line('times', wordsOf(error, undefined, sentence), 'error')]);
    offerPin(error.message);
    return;
  }
  show(hosts.flatMap((host) => [$('<div>').css('font-weight', 'bold').text(host.host), ...stepsOf(host)]));
  const isBindRefused = hosts.some(({ steps }) =>
    steps.some(({ step, problem }) => step === 'bind' && problem),
  );
  $(`${PART}-modes-row`).toggle(isBindRefused && !triedAllModes);
}

function stepsOf({ steps, certificate }: HostDiagnosis): JQuery[] {
  const lines = steps.map(stepLine);
  if (certificate === undefined) return lines;
  const days = Math.floor((certificate.expiresAt - Date.now()) / 86_400_000);
  const { issuer, pin } = certificate;
  return [...lines, line('certificate', say(TYPE, 'doctor.certificate', { issuer, days, pin }))];
}

function stepLine({ step, mode, tookMs, problem }: DiagnosisStep): JQuery {
  const name = mode === undefined ? say(TYPE, `doctor.step.${step}`) : `bind ${mode}`;
  const head = `${name}, ${tookMs} ms`;
  if (problem === undefined) return line('check', head, 'success');
  return line('times', `${head}: ${wordsOf(problem, step, sentence)}`, 'error');
}

/** A key without a text comes back as it is. */
function sentence(key: string, blanks: Readonly<Record<string, string>>): string | undefined {
  const words = say(TYPE, `doctor.problem.${key}`, blanks);
  return words.endsWith(key) ? undefined : words;
}

/** A downloaded certificate that was given as CA: the runtime names its pin. */
function offerPin(message: string): void {
  const pin = pinToGive(message);
  if (pin === undefined) return;
  const button = $('<button type="button" class="red-ui-button">').attr(
    'id',
    'inmobile-connection-doctor-pin',
  );
  button.text(say(TYPE, 'doctor.usePin')).on('click', (event) => {
    event.preventDefault();
    const pins = fieldValue('pins').trim();
    $(`${FIELD}pins`)
      .val(pins === '' ? pin : `${pins}\n${pin}`)
      .trigger('change');
    $(`${FIELD}tls`).val('_ADD_').trigger('change');
    button.remove();
  });
  $(`${PART}-result`).append(button);
}

function line(icon: string, text: string, tone?: 'success' | 'error'): JQuery {
  const mark = $('<i>').addClass(`fa fa-${icon}`).css({ width: '18px' });
  if (tone !== undefined) mark.css('color', `var(--red-ui-text-color-${tone})`);
  return $('<div>').append(mark, $('<span>').text(text));
}

function show(lines: JQuery[]): void {
  $(`${PART}-result`).empty().append(lines).show();
}

function fieldValue(name: string): string {
  const value = $(FIELD + name).val();
  return typeof value === 'string' ? value : '';
}
