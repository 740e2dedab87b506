/** Stands before the outcome and the last words of what did not run, at the end of a script that failed. */
export const verdictMark = "keelson: verdict";

/** What a script says in the end: what it made of it, and the program's own words; undefined if it says nothing. */
export function verdictOf(stderr: string): string | undefined {
  const [, verdict] = stderr.split(`${verdictMark}\n`);
  if (verdict === undefined) return undefined;
  const [outcome = "", ...said] = verdict.trim().split("\n");
  return said.length === 0 ? outcome : `${outcome}; it said:\n${said.join("\n")}`;
}
