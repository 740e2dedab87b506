import { appendFileSync } from "node:fs";
import type { Intent } from "../../bootstrap/operation.ts";

/**
 * For the test that compares a preview with its update: adds each intent to the file that KEELSON_TEST_INTENTS names,
 * one JSON object a line. Nothing without it.
 */
export function recordIntent(mode: string, { host, what }: Intent): void {
  const { KEELSON_TEST_INTENTS: file } = process.env;
  if (file) appendFileSync(file, `${JSON.stringify({ mode, host, what })}\n`);
}
