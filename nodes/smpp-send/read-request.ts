/**
 * From a msg to the request that it makes: which SMS, and which msg their results come back in.
 *
 * Evaluates the typed inputs, and reads and checks a large array in slices, so that the event loop stays free.
 * All SMS of a msg are checked before the first is handed over: if one is unsound, nothing is sent.
 * Source: contract section 3.2.
 */
import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red';
import type { CountryCode } from 'libphonenumber-js/min';
import { asSmppError, SmppError } from '../../lib/errors.js';
import { checkSms } from '../../lib/gateway.js';
import type { OutboundSms } from '../../lib/message.js';
import { jsonSafeMessage, KEPT_CHARACTERS_MAX } from '../shared/json-safe.js';
import type { ReadForm, TypedField, TypedValue } from './form.js';
import { neededFields, readOverrides, readSms, spread, type Overrides, type SmsSources } from './read-sms.js';
import type { Request } from './submissions.js';

export interface RequestSources {
  readonly RED: NodeAPI;
  readonly node: Node;
  readonly form: ReadForm;
  readonly country: CountryCode | undefined;
}

/** What a request is besides its two callbacks. */
export type ReadRequest = Pick<Request, 'messageId' | 'list' | 'message' | 'origin'>;

/** SMS read in one turn of the event loop: some milliseconds. */
const SLICE = 250;

/** Each result has its own payload and parts, and is a msg of its own. */
const NOT_SHARED: ReadonlySet<string> = new Set(['payload', 'parts', '_msgid']);

/** Kept of all SMS of one msg together: each of them is stored with a copy of the msg's properties. */
const KEPT_TOGETHER_MAX = 32 * 1024 * 1024;

/**
 * Reads a msg.
 *
 * @throws SMPP_MESSAGE naming the property at fault, and the index where there are several SMS
 */
export async function readRequest(msg: NodeMessageInFlow, sources: RequestSources): Promise<ReadRequest> {
  const { form, country } = sources;
  const said = readOverrides(msg.payload);
  const typed: Partial<Record<TypedField, unknown>> = {};
  for (const field of neededFields(said))
    typed[field] = (await evaluate(field, form.typed[field], msg, sources)).value;
  const overrides = spread(said, typed.to);
  const list = await readAll(overrides, { defaults: form.defaults, typed, country });
  return overrides.isArray ? several(list, typed.to, msg, sources) : single(list, msg, sources.node.id);
}

async function readAll(overrides: Overrides, sources: SmsSources): Promise<OutboundSms[]> {
  const list: OutboundSms[] = [];
  for (const [index, override] of overrides.list.entries()) {
    if (index > 0 && index % SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
    try {
      const sms = readSms(override, sources);
      checkSms(sms);
      list.push(sms);
    } catch (error) {
      throw overrides.isArray ? ofIndex(index, asSmppError(error, 'SMPP_MESSAGE')) : error;
    }
  }
  return list;
}

function ofIndex(index: number, error: SmppError): SmppError {
  const message = `SMS ${index} of the array: ${error.message}; nothing was sent`;
  return new SmppError(error.code, message, {
    cause: error,
    ...(error.field !== undefined && { field: error.field }),
  });
}

function single(list: readonly OutboundSms[], msg: NodeMessageInFlow, node: string): ReadRequest {
  const kept = jsonSafeMessage(msg, ['payload']);
  return {
    messageId: msg._msgid,
    list,
    message: () => msg,
    origin: () => ({ node, msg: kept, ...correlationOf(list[0]) }),
  };
}

/** One msg out for each SMS, with `msg.parts` for a Join node; a sequence that the msg is part of is nested. */
function several(
  list: readonly OutboundSms[],
  recipients: unknown,
  msg: NodeMessageInFlow,
  { RED, node }: RequestSources,
): ReadRequest {
  // The list of recipients itself is not repeated in every one of its results.
  const isRecipients = (value: unknown): boolean => Array.isArray(value) && value === recipients;
  const outer = msg.parts;
  const shared = Object.fromEntries(
    Object.entries(msg).filter(([name, value]) => !NOT_SHARED.has(name) && !isRecipients(value)),
  );
  const kept = jsonSafeMessage(shared, [], Math.min(KEPT_CHARACTERS_MAX, KEPT_TOGETHER_MAX / list.length));
  const id = RED.util.generateId();
  const parts = (index: number): NonNullable<NodeMessageInFlow['parts']> & { type: 'array' } => ({
    ...(outer !== undefined && { parts: outer }),
    id,
    type: 'array',
    count: list.length,
    index,
  });
  return {
    messageId: msg._msgid,
    list,
    message: (index) => ({ ...RED.util.cloneMessage<NodeMessage>(shared), parts: parts(index) }),
    origin: (index) => ({ node: node.id, msg: kept, parts: parts(index), ...correlationOf(list[index]) }),
  };
}

function correlationOf(sms: OutboundSms | undefined): { correlation?: unknown } {
  return sms?.correlation === undefined ? {} : { correlation: sms.correlation };
}

/**
 * The callback form: JSONata and persistent context are asynchronous. The value comes wrapped, for one that has a
 * `then` of its own would be waited for.
 */
function evaluate(
  field: TypedField,
  { value, type }: TypedValue,
  msg: NodeMessageInFlow,
  { RED, node }: RequestSources,
): Promise<{ readonly value: unknown }> {
  return new Promise((resolve, reject) => {
    // What an expression says of its failure may quote the msg; its code does not.
    const failed = (error: unknown): void => {
      const code = (error as { code?: unknown } | null)?.code;
      const reason = typeof code === 'string' ? ` (${code})` : '';
      reject(
        new SmppError(
          'SMPP_MESSAGE',
          `${field}: its ${type} value cannot be evaluated${reason}: check the node`,
          {
            field,
            cause: error,
          },
        ),
      );
    };
    try {
      RED.util.evaluateNodeProperty(value, type, node, msg, (error, result: unknown) => {
        if (!error) resolve({ value: result });
        else failed(error);
      });
    } catch (error) {
      failed(error);
    }
  });
}
