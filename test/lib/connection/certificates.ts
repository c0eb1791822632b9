/** Certificates made by the openssl command at test time, in a folder of their own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateSpec {
  /** subjectAltName; `DNS:localhost` unless told. */
  readonly name?: string;
  readonly issuer?: 'ca' | 'otherCa';
  /** In days from now. */
  readonly from?: number;
  readonly until?: number;
  readonly usage?: 'serverAuth' | 'clientAuth';
}

const DAY_MS = 86_400_000;

/** One certificate authority that tests trust and one that they do not, both able to issue. */
export class Certificates {
  readonly #folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  #count = 0;
  readonly ca: string;

  constructor() {
    this.#write('ca.cnf', AUTHORITY_CONFIG);
    this.ca = this.#authority('ca');
    this.#authority('otherCa');
  }

  issue(spec: CertificateSpec = {}): KeyPair {
    const { name = 'DNS:localhost', issuer = 'ca', from = -1, until = 30, usage = 'serverAuth' } = spec;
    const file = this.#key();
    this.#openssl('req', '-new', '-key', `${file}.key`, '-subj', '/CN=test', '-out', `${file}.csr`);
    this.#write(
      `${file}.ext`,
      `subjectAltName=${name}\nextendedKeyUsage=${usage}\nbasicConstraints=CA:FALSE\n`,
    );
    this.#write('index.txt', '');
    const dates = ['-startdate', stamp(from), '-enddate', stamp(until)];
    const files = ['-in', `${file}.csr`, '-out', `${file}.crt`, '-extfile', `${file}.ext`];
    const authority = ['-keyfile', `${issuer}.key`, '-cert', `${issuer}.crt`];
    this.#openssl(
      'ca',
      '-batch',
      '-notext',
      '-config',
      'ca.cnf',
      '-rand_serial',
      ...authority,
      ...files,
      ...dates,
    );
    return { cert: this.#read(`${file}.crt`), key: this.#read(`${file}.key`) };
  }

  selfSigned(): KeyPair {
    const file = this.#key();
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    this.#openssl('req', '-x509', '-key', `${file}.key`, ...subject, '-days', '30', '-out', `${file}.crt`);
    return { cert: this.#read(`${file}.crt`), key: this.#read(`${file}.key`) };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #authority(name: string): string {
    this.#openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
    const subject = ['-subj', `/CN=${name}`, '-days', '30'];
    this.#openssl('req', '-x509', '-key', `${name}.key`, ...subject, '-out', `${name}.crt`);
    return this.#read(`${name}.crt`);
  }

  #key(): string {
    const file = `leaf${(this.#count += 1)}`;
    this.#openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${file}.key`);
    return file;
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }

  #read(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8');
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.#folder, file), text);
  }
}

const AUTHORITY_CONFIG = `[ca]
default_ca = it
[it]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`;

/** YYYYMMDDHHMMSSZ. */
function stamp(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().replace(/[-:T]|\.\d+/g, '');
}
