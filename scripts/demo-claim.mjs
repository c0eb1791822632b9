/**
 * One demo a checkout: a second one finds the first, and leaves it alone.
 *
 * The first listens at a socket in the demo's folder and tells whoever connects where its editor is. A socket, for it
 * ends with its process, however that ends: nobody answers at what is left behind.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';

/** Another one may give up, or begin, between a look and the next step. */
const ATTEMPTS = 5;

/**
 * Claims the folder for this process, for as long as it lives.
 *
 * @param folder exists
 * @returns `isOurs`; if so `announce(address)` tells those who come later where the editor is, else `address` is where it
 *   is, empty as long as it is being started
 */
export async function claimDemo(folder) {
  const place = socketOf(folder);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const claim = await listen(place);
    if (claim !== undefined) return claim;
    const address = await ask(place);
    if (address !== undefined) return { isOurs: false, address };
    // What a demo that was killed has left; of a pipe nothing stays.
    if (process.platform !== 'win32') rmSync(place, { force: true });
  }
  throw new Error(`another demo begins or ends in ${folder}: try again`);
}

/** What the demo at this place answers; undefined when there is none. */
async function ask(place) {
  const socket = connect(place);
  try {
    return await text(socket);
  } catch {
    return undefined;
  }
}

/** Undefined when somebody has the place, or had. */
async function listen(place) {
  let address = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // one that asked may be gone
    socket.end(address);
  });
  try {
    server.listen(place);
    await once(server, 'listening');
  } catch (error) {
    if (error.code === 'EADDRINUSE') return undefined;
    // A folder of another system may not take sockets: better two demos than none.
  }
  server.unref();
  return {
    isOurs: true,
    announce: (editor) => {
      address = editor;
    },
  };
}

/** Of both names of the file the shorter one, since systems allow for 100 characters or so. */
function socketOf(folder) {
  if (process.platform === 'win32') {
    const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
    return `\\\\.\\pipe\\inmobile-smpp-demo-${name}`;
  }
  const file = path.join(folder, 'running.sock');
  const relative = path.relative(process.cwd(), file);
  return relative.length < file.length ? relative : file;
}
