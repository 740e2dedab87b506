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

/**
 * Serves files over HTTP on a fleet's bridge, for GET and HEAD with ranges.
 * It is started as a process of its own from its source text, so that it also works from a bundle of one file:
 * it may use nothing from outside of its body.
 */
export function serveMirror(settings: MirrorSettings): void {
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
    const stream = fs.createReadStream(file.path, { start, end, highWaterMark: 1024 * 1024 });
    stream.once("error", () => response.destroy());
    response.once("close", () => stream.destroy());
    stream.pipe(response);
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
