/** What Node-RED's runtime tells every editor, by the web socket that the editor has for it. */
import { once, type EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

/** Of the package `ws` that Node-RED has, as far as it is used. */
interface Socket extends EventEmitter {
  send(text: string): void;
  terminate(): void;
}

const fromNodeRed = createRequire(createRequire(__filename).resolve('@node-red/editor-api'));
const WebSocket = fromNodeRed('ws') as new (address: string) => Socket;

/**
 * Listens to everything, retained messages first.
 *
 * @returns a way to stop, which gives what was said
 */
export async function listenTo(address: string, token: string): Promise<{ close(): readonly string[] }> {
  const said: string[] = [];
  const socket = new WebSocket(address.replace(/^http/, 'ws'));
  await once(socket, 'open');
  socket.send(JSON.stringify({ auth: token }));
  await once(socket, 'message');
  socket.on('message', (data: Buffer) => said.push(data.toString('utf8')));
  socket.send(JSON.stringify({ subscribe: 'status/#' }));
  await once(socket, 'message');
  return {
    close() {
      socket.terminate();
      return said;
    },
  };
}
