import { createReadStream } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { constants, createGunzip } from "node:zlib";

/** A place where a secret stands in plain sight, in one of its spellings. */
export interface SecretSighting {
  readonly path: string;
  readonly spelling: string;
}

/**
 * Searches files and folders for a secret: raw, as base64, JSON-escaped, URL-encoded, hex, and each line of a PEM by itself.
 *
 * @throws Error if a path does not exist: a search of nothing would find nothing
 */
export async function findSecret(
  secret: string,
  paths: readonly string[],
): Promise<readonly SecretSighting[]> {
  const needles = spellings(secret);
  const files = (await Promise.all(paths.map(filesBelow))).flat();
  const sightings: SecretSighting[] = [];
  for (const path of files) {
    for (const spelling of await spellingsIn(path, needles)) sightings.push({ path, spelling });
  }
  return sightings;
}

/** Shorter texts would be found by accident. */
const shortest = 8;

function spellings(secret: string): ReadonlyMap<string, Buffer> {
  if (secret.length < shortest)
    throw new Error(`Cannot search for a secret: it has ${secret.length} characters`);
  const found = new Map<string, string>([
    ["raw", secret],
    ["JSON", JSON.stringify(secret).slice(1, -1)],
    ["JSON in JSON", JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1)],
    ["URL", encodeURIComponent(secret)],
    ["hex", Buffer.from(secret).toString("hex")],
  ]);
  for (const [index, text] of base64Cores(Buffer.from(secret)).entries())
    found.set(`base64 at ${index}`, text);
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  const telling = lines.filter((line) => line.length >= 16 && !line.startsWith("-----"));
  if (lines.length > 1)
    for (const [index, line] of telling.entries()) found.set(`PEM line ${index + 1}`, line);
  const telltale = [...found].filter(
    ([name, text]) => text.length >= shortest && (name === "raw" || text !== secret),
  );
  return new Map(telltale.map(([name, text]) => [name, Buffer.from(text)]));
}

/** Base64 of a text that stands inside a longer one depends on where it begins there: one of three forms, less its edges. */
function base64Cores(secret: Buffer): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), secret])
      .toString("base64")
      .replace(/=+$/, "");
    const end = (offset + secret.length) % 3 === 0 ? text.length : text.length - 1;
    return text.slice(offset === 0 ? 0 : offset + 1, end);
  });
}

async function filesBelow(path: string): Promise<readonly string[]> {
  const entry = await lstat(path);
  if (entry.isFile()) return [path];
  if (!entry.isDirectory()) return [];
  return (await Promise.all((await readdir(path)).map((name) => filesBelow(join(path, name))))).flat();
}

async function spellingsIn(path: string, needles: ReadonlyMap<string, Buffer>): Promise<readonly string[]> {
  const longest = Math.max(...[...needles.values()].map((needle) => needle.length));
  const found = new Set<string>();
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of await readPlain(path)) {
    const window = Buffer.concat([rest, chunk as Buffer]);
    for (const [name, needle] of needles) if (window.includes(needle)) found.add(name);
    rest = window.subarray(Math.max(0, window.length - longest + 1));
  }
  return [...found];
}

/** A file's content; Pulumi compresses its logs, and one that is still being written ends in the middle. */
async function readPlain(path: string): Promise<Readable> {
  const raw = createReadStream(path, { highWaterMark: 1024 * 1024 });
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    if (buffer.toString("hex") !== "1f8b") return raw;
    return raw.pipe(createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }));
  } finally {
    await file.close();
  }
}
