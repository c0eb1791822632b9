/**
 * The connection doctor in the form, before gateways that are as they should be and others that are not.
 *
 * It allows six tests a minute, and one after the other: these take them all.
 */
import assert from 'node:assert/strict';
import {
  makeAuthority,
  makeCertificate,
  startSimulator,
  type Simulator,
} from '../../lib/simulator/simulator.js';
import { says, type Editor } from './editor.js';
import { connection, connectionTo, hostsOf, send, TAB, tlsConfig } from './flows.js';
import type { Stage } from './stage.js';

const ACCOUNT = { systemId: 'demo', password: 'demo', connectionMode: 'transmitter' } as const;

export function theDoctor(stage: () => Stage): void {
  describe('the connection doctor', () => {
    const running: Simulator[] = [];
    let editor: Editor;
    after(async () => Promise.all(running.map((gateway) => gateway.stop())));

    const part = (name: string) => editor.page.locator(`#inmobile-connection-doctor-${name}`);
    const lines = () => part('result').locator('div');

    async function start(...options: Parameters<typeof startSimulator>): Promise<Simulator> {
      const gateway = await startSimulator(...options);
      running.push(gateway);
      return gateway;
    }

    async function openForm(...nodes: Parameters<Stage['deploy']>[0]): Promise<void> {
      await stage().deploy([TAB, send(), ...nodes]);
      editor = await stage().open();
      await editor.edit(editor.node('send'));
      await editor.openConfigNode('connection', 'edit');
    }

    it('reaches both hosts of the simulator', async () => {
      await openForm(connection());
      await part('test').click();
      await says(lines(), 'dk2');
      await says(lines(), /bind transceiver, \d+ ms/);
    });

    it('says that Node-RED does not answer, and not that it refused', async () => {
      await editor.page.route('**/inmobile-smpp/doctor', (route) => route.abort());
      await part('test').click();
      await says(lines(), 'Node-RED does not answer');
      await editor.page.unroute('**/inmobile-smpp/doctor');
    });

    it('goes every step to a gateway with TLS, and shows its certificate', async () => {
      const gateway = await start();
      await openForm(connectionTo(gateway), tlsConfig(gateway.ca));
      await part('test').click();
      await says(
        part('result'),
        /name, \d+ ms\s*connection, \d+ ms\s*TLS, \d+ ms\s*bind transceiver, \d+ ms/,
      );
      await says(part('result'), /certificate of Simulated gateway CA .*, days left: \d+, pin [\w+/]{43}=/);
      await stage().keepPicture('doctor', editor, editor.dialog());
    });

    it('says of an unknown authority and of a wrong name what to do', async () => {
      const issuer = makeAuthority();
      const certificate = makeCertificate({ commonName: 'other', dnsNames: ['other.example'], issuer });
      const [named, unknown] = [await start({ certificate }), await start()];
      const hosts = `127.0.0.1:${portOf(named)}\nlocalhost:${portOf(unknown)}`;
      await openForm(connectionTo(named, { hosts }), tlsConfig(issuer.cert));
      await part('test').click();
      await says(lines(), 'TLS, ');
      await says(lines(), 'the certificate is for another name: check the host');
      await says(
        lines(),
        'of an authority that this machine does not know: if it is right, give it in the TLS',
      );
    });

    describe('given a downloaded certificate as CA', () => {
      let pin: string;
      before(() =>
        stage().prepare(async () => {
          const certificate = makeCertificate({ commonName: 'localhost', dnsNames: ['localhost'] });
          const gateway = await start({ certificate });
          await openForm(connectionTo(gateway), tlsConfig(certificate.cert));
          // What cannot run has no stored password.
          await editor.configField('password').fill('demo');
          await part('test').click();
          await says(part('result'), /give the pin/);
          pin = /give the pin ([A-Za-z0-9+/]{43}=)/.exec(await part('result').innerText())?.[1] ?? '';
          await part('pin').click();
        }),
      );

      it('makes it a pin', async () => {
        assert.equal(await editor.configField('pins').inputValue(), pin);
      });

      it('takes it out of the TLS configuration', async () => {
        assert.equal(await editor.configField('tls').inputValue(), '_ADD_');
      });
    });

    it('finds the connection mode that the account has', async () => {
      const gateway = await start(ACCOUNT);
      await openForm(connectionTo(gateway, { hosts: hostsOf(gateway) }), tlsConfig(gateway.ca));
      await part('test').click();
      await says(lines(), 'bind transceiver');
      await part('modes').click();
      await says(lines(), /^bind transmitter, \d+ ms$/);
    });
  });
}

function portOf(gateway: Simulator): number {
  return gateway.hosts[0]?.port ?? 0;
}
