import { randomUUID } from "node:crypto";
import { copyFile, link, mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Puts a file under a second name, where the disk allows it without taking room twice; replaces what was there. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const draft = `${to}.${randomUUID()}`;
  await link(from, draft).catch(() => copyFile(from, draft));
  await rename(draft, to);
}
