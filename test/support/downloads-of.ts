/** What a script of `downloadScript` would bring, by its place. */
export function downloadsOf(
  script: string,
): ReadonlyMap<string, { readonly sha256: string; readonly mode: string }> {
  const rows = /^files='?([^']*)'?\nmkdir/m.exec(script)?.[1]?.split("\n") ?? [];
  return new Map(
    rows.map((row) => {
      const [sha256 = "", mode = "", folder = "", name = ""] = row.split(" ");
      return [`${folder}/${name}`, { sha256, mode }];
    }),
  );
}
