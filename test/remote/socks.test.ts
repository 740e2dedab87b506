import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ByteReader } from "../../remote/byte-reader.ts";
import { listenForSocks } from "../../remote/socks.ts";
import type { SocksOptions } from "../../remote/socks.ts";

const login = { user: "me", password: "open sesame" };
const named = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const hello = Buffer.concat([Buffer.from([5, 2, 0, 2, 1]), named(login.user), named(login.password)]);
const welcome = [5, 2, 1, 0];
const connectTo = (...address: readonly (number | Buffer)[]): Buffer =>
  Buffer.concat([
    Buffer.from([5, 1, 0]),
    ...address.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from([part]))),
  ]);
const done = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

describe("a SOCKS listener", () => {
  const ends: (() => unknown)[] = [];

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function client(dial: SocksOptions["dial"]): Promise<Socket> {
    const listener = await listenForSocks({ port: 0, ...login, dial });
    ends.push(() => listener.close());
    const socket = connect({ host: "127.0.0.1", port: listener.port });
    ends.push(() => socket.destroy());
    return socket;
  }

  async function echo(): Promise<(host: string, port: number) => Promise<Duplex>> {
    const server = createServer((socket) => socket.pipe(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ends.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    return async () => {
      const socket = connect({ host: "127.0.0.1", port });
      await once(socket, "connect");
      return socket;
    };
  }

  it("leads a client that knows the password to where it wants, byte by byte", async () => {
    const dial = await echo();
    const asked: string[] = [];
    const socket = await client((host, port) => {
      asked.push(`${host}:${String(port)}`);
      return dial(host, port);
    });
    const whole = Buffer.concat([hello, connectTo(3, named("api.lab"), 0x19, 0x2b), Buffer.from("ping")]);
    for (const byte of whole) socket.write(Buffer.from([byte]));
    assert.deepEqual(await take(socket, 18), Buffer.from([...welcome, ...done, ...Buffer.from("ping")]));
    assert.deepEqual(asked, ["api.lab:6443"]);
  });

  it("understands addresses of both kinds", async () => {
    const dial = await echo();
    const asked: string[] = [];
    const six = Buffer.from("fd000000000000000000000000000001", "hex");
    for (const address of [connectTo(1, 10, 0, 0, 1, 0, 80), connectTo(4, six, 0, 80)]) {
      const socket = await client((host, port) => {
        asked.push(host);
        return dial(host, port);
      });
      socket.write(Buffer.concat([hello, address]));
      assert.deepEqual(await take(socket, 14), Buffer.from([...welcome, ...done]));
    }
    assert.deepEqual(asked, ["10.0.0.1", "fd00:0:0:0:0:0:0:1"]);
  });

  it("lets nobody through without the password", async () => {
    for (const [greeting, answer] of [
      [Buffer.concat([Buffer.from([5, 1, 2, 1]), named("me"), named("guess")]), [5, 2, 1, 1]],
      [Buffer.from([5, 1, 0]), [5, 255]],
    ] as const) {
      const socket = await client(() => assert.fail("it was dialled"));
      socket.write(greeting);
      assert.deepEqual(Buffer.concat((await socket.toArray()) as Buffer[]), Buffer.from(answer));
    }
  });

  it("says so when the way is closed", async () => {
    const socket = await client(() => Promise.reject(new Error("no way")));
    socket.write(Buffer.concat([hello, connectTo(1, 10, 0, 0, 1, 0, 80)]));
    const answer = Buffer.concat((await socket.toArray()) as Buffer[]);
    assert.deepEqual([...answer.subarray(0, 6)], [...welcome, 5, 4]);
  });

  it("ends everything when it closes", async () => {
    const dial = await echo();
    const listener = await listenForSocks({ port: 0, ...login, dial });
    const socket = connect({ host: "127.0.0.1", port: listener.port });
    socket.write(Buffer.concat([hello, connectTo(1, 10, 0, 0, 1, 0, 80)]));
    await take(socket, 14);
    const closed = once(socket, "close");
    await listener.close();
    await closed;
  });
});

function take(socket: Socket, length: number): Promise<Buffer> {
  return new ByteReader(socket, AbortSignal.timeout(5000)).take(length);
}
