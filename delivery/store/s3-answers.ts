import type { Blob } from "./blobs.ts";

/** One page of a list. */
export interface Listing {
  readonly blobs: readonly Blob[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: string | undefined;
}

/** Reads the answer to ListObjectsV2; undefined if it is none. Pure. */
export function listingOf(xml: string): Listing | undefined {
  if (!/<ListBucketResult[\s>]/u.test(xml)) return undefined;
  const blobs = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gsu)].map(([, item = ""]) => ({
    name: textOf(item, "Key"),
    writtenAt: new Date(textOf(item, "LastModified")),
  }));
  const isCut = textOf(xml, "IsTruncated") === "true";
  return { blobs, next: isCut ? textOf(xml, "NextContinuationToken") : undefined };
}

/** Reads what a server says of an error; a HEAD has no text. Pure. */
export function errorOf(xml: string, status: number): { readonly code: string; readonly text: string } {
  const [code, message] = [textOf(xml, "Code"), textOf(xml, "Message")];
  const said = [code, message].filter((each) => each !== "").join(": ");
  return { code, text: said === "" ? `HTTP status ${status}` : said };
}

function textOf(xml: string, element: string): string {
  const found = new RegExp(`<${element}>([^<]*)</${element}>`, "u").exec(xml);
  return (found?.[1] ?? "").replaceAll(/&(amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);/giu, (_, name: string) =>
    characterOf(name.toLowerCase()),
  );
}

function characterOf(name: string): string {
  if (name.startsWith("#x")) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
  if (name.startsWith("#")) return String.fromCodePoint(Number(name.slice(1)));
  return named[name] ?? "";
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
