import { posix } from "node:path";

/** Relative links and anchors of Markdown pages that lead nowhere; `exists` tells whether a path is in the repository. */
export function findDeadLinks(
  pages: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): readonly string[] {
  return [...pages].flatMap(([page, text]) =>
    linksOf(text)
      .filter((link) => !isAlive(page, link, pages, exists))
      .map((link) => `${page}: Cannot follow the link "${link}": nothing is there`),
  );
}

/** Pages of a folder that its index does not link to: nobody would find them. */
export function findOrphans(pages: ReadonlyMap<string, string>, index: string): readonly string[] {
  const folder = posix.dirname(index);
  const linked = new Set(
    linksOf(pages.get(index) ?? "").map((link) => posix.join(folder, link.replace(/#.*/, ""))),
  );
  return [...pages.keys()]
    .filter((page) => posix.dirname(page) === folder && page !== index && !linked.has(page))
    .map((page) => `${index}: Cannot lead to ${page}: it has no link to it`);
}

function linksOf(text: string): readonly string[] {
  const prose = text.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, "").replaceAll(/`[^`\n]*`/g, "");
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const references = [...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  return [...inline, ...references]
    .map((match) => match[1] ?? "")
    .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link));
}

function isAlive(
  page: string,
  link: string,
  pages: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): boolean {
  const [file = "", anchor] = link.split("#", 2);
  const target = file === "" ? page : posix.join(posix.dirname(page), decodeURIComponent(file));
  const text = pages.get(target);
  if (text === undefined) return exists(target.replace(/\/$/, ""));
  return anchor === undefined || headingAnchors(text).has(anchor);
}

function headingAnchors(text: string): ReadonlySet<string> {
  const titles = [...text.matchAll(/^#{1,6}\s+(.+?)\s*$/gm)].map((match) => match[1] ?? "");
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(/\s/g, "-"),
    ),
  );
}
