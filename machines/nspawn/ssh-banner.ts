import { connect } from "node:net";

/** True if something at the address greets as an SSH server within the time (in ms). */
export async function greetsAsSsh(address: string, port: number, milliseconds = 1000): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(milliseconds, () => {
      end(false);
    });
    socket.once("error", () => {
      end(false);
    });
    socket.once("close", () => {
      end(false);
    });
    socket.once("data", (data) => {
      end(data.toString("latin1").startsWith("SSH-"));
    });
  });
}
