import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { greetsAsSsh } from "../../../machines/nspawn/ssh-banner.ts";

describe("greetsAsSsh", () => {
  let server: Server | undefined;

  afterEach(() => server?.close());

  const serve = async (welcome: (socket: Socket) => void): Promise<number> => {
    server = createServer(welcome).listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };

  it("is true for an SSH server", async () => {
    const port = await serve((socket) => socket.end("SSH-2.0-test\r\n"));

    assert.equal(await greetsAsSsh("127.0.0.1", port), true);
  });

  it("is false for something else, for silence and for nobody", async () => {
    const other = await serve((socket) => socket.end("HTTP/1.1 400\r\n"));
    assert.equal(await greetsAsSsh("127.0.0.1", other), false);
    server?.close();

    const silent = await serve((socket) => socket.once("data", () => undefined));
    assert.equal(await greetsAsSsh("127.0.0.1", silent, 50), false);
    server?.close();
    await once(server ?? process, "close");

    assert.equal(await greetsAsSsh("127.0.0.1", silent), false);
  });
});
