import { createReadStream } from "node:fs";
import { KeelsonError } from "../errors.ts";

/** One entry of an archive. Owner is root and the time is zero, so equal content gives equal bytes. */
export type TarEntry =
  | { readonly kind: "directory"; readonly path: string; readonly mode?: number }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "bytes"; readonly path: string; readonly content: Buffer; readonly mode?: number }
  | {
      readonly kind: "file";
      readonly path: string;
      readonly from: string;
      readonly size: number;
      readonly mode?: number;
    };

const block = 512;

/** The bytes of a tar archive, in chunks. Throws KEELSON_INTERNAL when a file is not as long as its entry says. */
export async function* tar(entries: readonly TarEntry[]): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    yield header(entry);
    if (entry.kind === "bytes") {
      yield entry.content;
      yield padding(entry.content.length);
    } else if (entry.kind === "file") {
      let length = 0;
      for await (const chunk of createReadStream(entry.from, {
        highWaterMark: 1 << 20,
      }) as AsyncIterable<Buffer>) {
        length += chunk.length;
        yield chunk;
      }
      if (length !== entry.size) {
        throw new KeelsonError(
          "KEELSON_INTERNAL",
          `Cannot archive "${entry.from}": it has ${length} bytes, not ${entry.size}`,
        );
      }
      yield padding(length);
    }
  }
  yield Buffer.alloc(2 * block);
}

function header(entry: TarEntry): Buffer {
  const path = entry.kind === "directory" ? `${entry.path.replace(/\/$/, "")}/` : entry.path;
  const [prefix, name] = split(path);
  const head = Buffer.alloc(block);
  const size = entry.kind === "bytes" ? entry.content.length : entry.kind === "file" ? entry.size : 0;
  const types = { directory: "5", link: "2", bytes: "0", file: "0" } as const;
  const mode = (entry.kind === "link" ? undefined : entry.mode) ?? defaultMode(entry.kind);
  head.write(name, 0, 100);
  head.write(octal(mode, 8), 100);
  head.write(octal(0, 8), 108);
  head.write(octal(0, 8), 116);
  head.write(octal(size, 12), 124);
  head.write(octal(0, 12), 136);
  head.write(" ".repeat(8), 148);
  head.write(types[entry.kind], 156);
  if (entry.kind === "link") head.write(entry.target, 157, 100);
  head.write("ustar\u000000", 257);
  head.write(prefix, 345, 155);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148);
  return head;
}

/** The format keeps 100 bytes of name, and 155 of the folders before it. */
function split(path: string): readonly [string, string] {
  if (Buffer.byteLength(path) <= 100) return ["", path];
  for (let at = path.indexOf("/"); at > 0 && at < path.length - 1; at = path.indexOf("/", at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return [prefix, name];
  }
  throw new KeelsonError("KEELSON_INTERNAL", `Cannot archive "${path}": its name is too long`);
}

function defaultMode(kind: TarEntry["kind"]): number {
  return { directory: 0o755, link: 0o777, bytes: 0o644, file: 0o644 }[kind];
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\u0000`;
}

function padding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block);
}
