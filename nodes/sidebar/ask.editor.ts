/**
 * The sidebar's requests to the runtime. Addresses are relative: the editor may stand below a root of its own.
 */
import type { CancelRequest, Overview, QueueView, Refused, SimulateRequest } from './overview.js';

const ROUTE = 'inmobile-smpp/sidebar';

/** Why there is no answer: a code of ours, or what HTTP and the network say. */
export type Failure = Refused['error']['code'] | 'forbidden' | 'offline';

export function askOverview(): Promise<Overview | Failure> {
  return ask<Overview>({ url: ROUTE });
}

export function askQueue(connection: string): Promise<QueueView | Failure> {
  return ask<QueueView>({ url: `${ROUTE}/queue`, data: { connection } });
}

export function askCancel(request: CancelRequest): Promise<object | Failure> {
  return post('cancel', request);
}

export function askSimulator(request: SimulateRequest): Promise<object | Failure> {
  return post('simulate', request);
}

/** By jQuery, which adds the editor's token and the header that no page of another origin can send. */
function post(path: string, body: object): Promise<object | Failure> {
  return ask<object>({
    url: `${ROUTE}/${path}`,
    method: 'POST',
    contentType: 'application/json',
    data: JSON.stringify(body),
  });
}

function ask<Answer extends object>(settings: JQuery.AjaxSettings): Promise<Answer | Failure> {
  return new Promise((resolve) => {
    void $.ajax({
      ...settings,
      dataType: 'json',
      success: (answer: Answer) => resolve(answer),
      error: (request) => resolve(failureOf(request)),
    });
  });
}

function failureOf({ status, responseJSON }: JQuery.jqXHR): Failure {
  const code = (responseJSON as Partial<Refused> | undefined)?.error?.code;
  if (code !== undefined) return code;
  return status === 401 || status === 403 ? 'forbidden' : 'offline';
}
