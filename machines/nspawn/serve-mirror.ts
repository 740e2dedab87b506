import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the mirror of a fleet serves, and where. */
export interface MirrorSettings {
  readonly address: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** First path segment to folder: `{apt: "…", bundles: "…"}`. */
  readonly folders: Readonly<Record<string, string>>;
  /** Gets one line when the mirror listens: pid, start time, boot id, port. The mirror ends when its folder goes. */
  readonly record: string;
}

/** The source text of a mirror's process. Made of functions' texts, so that it also works from a bundle of one file. */
export function mirrorProgram(settings: MirrorSettings): string {
  return `(${serveMirror.toString()})(${JSON.stringify(settings)}, ${sendFilePart.toString()})`;
}

/** Serves files over HTTP on a fleet's bridge, for GET and HEAD with ranges. May use nothing from outside of its body. */
function serveMirror(settings: MirrorSettings, sendPart: typeof sendFilePart): void {
  const http = process.getBuiltinModule("node:http");
  const fs = process.getBuiltinModule("node:fs");
  const path = process.getBuiltinModule("node:path");

  const find = (url: string): { path: string; size: number } | undefined => {
    const [, first = "", ...rest] = decodeURIComponent(url.split("?")[0] ?? "").split("/");
    const folder = settings.folders[first];
    if (folder === undefined || rest.some((part) => part === ".." || part.includes("\0"))) return undefined;
    const file = path.join(folder, ...rest);
    const stats = fs.statSync(file, { throwIfNoEntry: false });
    return stats?.isFile() === true ? { path: file, size: stats.size } : undefined;
  };

  const send = (
    file: { path: string; size: number },
    range: RegExpExecArray | null,
    response: ServerResponse,
  ): void => {
    const start = Number(range?.[1] ?? 0);
    const end = Math.min(range?.[2] ? Number(range[2]) : Infinity, file.size - 1);
    if (range !== null && start > end) {
      response.writeHead(416, { "content-range": `bytes */${String(file.size)}` }).end();
      return;
    }
    if (range !== null)
      response.setHeader("content-range", `bytes ${String(start)}-${String(end)}/${String(file.size)}`);
    response.writeHead(range === null ? 200 : 206, {
      "accept-ranges": "bytes",
      "content-length": end - start + 1,
    });
    if (response.req.method === "HEAD" || end < start) {
      response.end();
      return;
    }
    sendPart(response, { path: file.path, start, end });
  };

  const server = http.createServer((request, response) => {
    let file: ReturnType<typeof find>;
    try {
      file = request.method === "GET" || request.method === "HEAD" ? find(request.url ?? "/") : undefined;
    } catch {
      // A malformed path is a file that is not there.
    }
    if (file === undefined) response.writeHead(404).end();
    else send(file, /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? ""), response);
  });
  server.listen(settings.port, settings.address, () => {
    const { port } = server.address() as AddressInfo;
    const stat = fs.readFileSync("/proc/self/stat", "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    const boot = fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    fs.writeFileSync(`${settings.record}.new`, [process.pid, started, boot, port].join(" "), { mode: 0o600 });
    fs.renameSync(`${settings.record}.new`, settings.record);
    // The fleet's folder is its life: without it nobody would ever end this process.
    setInterval(() => {
      if (!fs.existsSync(path.dirname(settings.record))) process.exit(0);
    }, 5000);
  });
}

interface FilePart {
  readonly path: string;
  readonly start: number;
  /** The last byte's place. */
  readonly end: number;
}

/**
 * Sends a part of a file, and ends the response; cuts it off where the file cannot be read. The page cache has most files
 * of a mirror: to hand each piece to a thread, and to a buffer of its own, would take twice the processor time. May use
 * nothing from outside of its body.
 */
function sendFilePart(response: ServerResponse, { path, start, end }: FilePart): void {
  const fs = process.getBuiltinModule("node:fs");
  const piece = Buffer.allocUnsafeSlow(256 * 1024);
  let at = start;
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch {
      response.destroy();
      return undefined;
    }
  };
  const descriptor = attempt(() => fs.openSync(path, "r"));
  if (descriptor === undefined) return;
  response.once("close", () => {
    fs.closeSync(descriptor);
  });
  const sendNext = (): void => {
    if (response.destroyed) return;
    const length = attempt(() => fs.readSync(descriptor, piece, 0, Math.min(piece.length, end + 1 - at), at));
    if (length === undefined) return;
    at += length;
    if (length === 0) response.destroy();
    else if (at > end) response.end(piece.subarray(0, length));
    else
      response.write(piece.subarray(0, length), () => {
        sendNext();
      });
  };
  sendNext();
}
