import { describeEvent, type FleetEvent } from "./events.ts";
import { LiveTable } from "./live-table.ts";

/** Whether a table may move: somebody looks at a terminal that can. Pure. */
export function isLive(
  isTerminal: boolean | undefined,
  { CI: ci = "", TERM: term = "" }: Readonly<Record<string, string | undefined>>,
): boolean {
  return isTerminal === true && (ci === "" || ci === "false") && term !== "dumb";
}

/** Shows the events of some work: as JSON, as a table that moves on a terminal, or as lines. */
export async function withOutput<Result>(
  { json }: { readonly json: boolean },
  print: (text: string) => void,
  work: (onEvent: (event: FleetEvent) => void) => Promise<Result>,
): Promise<Result> {
  if (json) {
    return work((event) => {
      print(JSON.stringify({ ...event, at: new Date().toISOString() }));
    });
  }
  const { stdout } = process;
  if (!isLive(stdout.isTTY, process.env)) {
    return work((event) => {
      print(describeEvent(event));
    });
  }
  const table = new LiveTable(stdout);
  try {
    return await work(table.onEvent);
  } finally {
    table.close();
  }
}
