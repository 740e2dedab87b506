/** A key as the SSH library holds it. */
interface LibraryKey {
  readonly type: string;
  getPublicSSH(): Buffer;
  sign(data: Buffer, algorithm?: string): Buffer | Error;
}

const suffix = "-cert-v01@openssh.com";
const supported = ["ssh-ed25519", "ssh-rsa"];
const publicKeyMethod = "publickey";

/** An OpenSSH user certificate: `ssh-ed25519-cert-v01@openssh.com AAAA…`. */
interface Certificate {
  /** The type of the key that it is about. */
  readonly keyType: string;
  readonly blob: Buffer;
}

/** Whether the text is a certificate about this public key (in wire form). */
export function certifies(text: string, publicKey: Buffer): boolean {
  const certificate = parse(text);
  if (certificate === undefined) return false;
  // A certificate is its type, a nonce, and then the fields of the key.
  const afterType = skipField(certificate.blob, 0);
  const fields = certificate.blob.subarray(skipField(certificate.blob, afterType));
  const own = publicKey.subarray(skipField(publicKey, 0));
  return own.length > 0 && fields.subarray(0, own.length).equals(own);
}

/**
 * The private key as the library is to offer it: by its certificate.
 * Undefined if the text is no certificate about this key, or one about a key of another kind than Ed25519 or RSA.
 */
export function certifiedKey<Key extends LibraryKey>(key: Key, text: string): Key | undefined {
  const certificate = parse(text);
  if (certificate === undefined || !supported.includes(certificate.keyType)) return undefined;
  if (!certifies(text, key.getPublicSSH())) return undefined;
  const isRsa = certificate.keyType === "ssh-rsa";
  // The library takes a key for what it says of itself, so an heir with another name and public half is enough.
  return Object.create(key, {
    type: { value: `${isRsa ? "rsa-sha2-512" : certificate.keyType}${suffix}` },
    getPublicSSH: { value: () => certificate.blob },
    sign: { value: (data: Buffer) => key.sign(data, isRsa ? "sha512" : undefined) },
  }) as Key;
}

/** What of the library's protocol has to be mended for certificates. */
interface Protocol {
  authPK: AuthPk;
  readonly _packetRW: {
    readonly write: {
      finalize: (packet: Buffer) => Buffer;
      readonly allocStart: number;
      alloc: (size: number) => Buffer;
    };
  };
}

type Sign = (data: Buffer, send: (signature: Buffer) => void) => void;
type AuthPk = (user: string, key: LibraryKey, algorithm: string | undefined, sign?: Sign) => void;

/**
 * Teaches a client that a signature made under a certificate carries the name of the plain algorithm. The library
 * repeats the certificate's name there, which no server accepts. Call it once the client has begun to connect.
 */
export function allowCertificates(client: object): void {
  const { _protocol: protocol } = client as { readonly _protocol: Protocol };
  const original = protocol.authPK.bind(protocol);
  protocol.authPK = (user, key, algorithm, sign) => {
    const { type } = key;
    if (sign === undefined || !type.endsWith(suffix)) {
      original(user, key, algorithm, sign);
      return;
    }
    original(user, key, algorithm, (data, send) => {
      sign(data, (signature) => {
        const { write } = protocol._packetRW;
        const { finalize } = write;
        write.finalize = () => {
          write.finalize = finalize;
          const payload = request(user, type, key.getPublicSSH(), signature);
          const packet = write.alloc(payload.length);
          packet.set(payload, write.allocStart);
          return finalize.call(write, packet);
        };
        send(signature);
      });
    });
  };
}

/** SSH_MSG_USERAUTH_REQUEST with a signature: RFC 4252, section 7. */
function request(user: string, type: string, blob: Buffer, signature: Buffer): Buffer {
  const plain = type.slice(0, -suffix.length);
  return Buffer.concat([
    Buffer.from([50]),
    ...[user, "ssh-connection", publicKeyMethod].map(field),
    Buffer.from([1]),
    field(type),
    field(blob),
    field(Buffer.concat([field(plain), field(signature)])),
  ]);
}

function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function parse(text: string): Certificate | undefined {
  const [type = "", body = ""] = text.trim().split(/\s+/);
  const blob = Buffer.from(body, "base64");
  if (!type.endsWith(suffix) || !blob.subarray(0, type.length + 4).equals(field(type))) return undefined;
  return { keyType: type.slice(0, -suffix.length), blob };
}

function skipField(bytes: Buffer, offset: number): number {
  return offset + 4 <= bytes.length ? offset + 4 + bytes.readUInt32BE(offset) : bytes.length;
}
