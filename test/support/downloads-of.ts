/** What a script of `downloadScript` would bring, by its place. */
export function downloadsOf(
  script: string,
): ReadonlyMap<string, { readonly sha256: string; readonly mode: string }> {
  const wanted = /^wanted='?([^']*)'?\nfound=/m.exec(script)?.[1]?.split("\n") ?? [];
  const sums = new Map(wanted.map((line) => line.split(" ").reverse() as [string, string]));
  const modes = new Map(
    [...script.matchAll(/^chmod (\d+) (.+)$/gm)].flatMap(([, mode = "", drafts = ""]) =>
      drafts.split(" ").map((draft) => [draft, mode] as const),
    ),
  );
  const moves = [...script.matchAll(/^mv -f -t (\S+) (.+)$/gm)];
  return new Map(
    moves.flatMap(([, folder = "", drafts = ""]) =>
      drafts.split(" ").map((draft) => {
        const file = { sha256: sums.get(draft) ?? "", mode: modes.get(draft) ?? "" };
        return [`${folder}/${draft.split("/").at(-1) ?? ""}`, file] as const;
      }),
    ),
  );
}
