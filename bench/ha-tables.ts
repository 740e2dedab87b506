import type { HaStory } from "../test/support/ha-story.ts";
import type { Watched } from "../test/support/watch.ts";

/** Prints what a story of a highly available cluster measured. */
export function printTables({ times, deaths }: Pick<HaStory, "times" | "deaths">): void {
  const rows = times.map(([what, seconds]) => `| ${what} | ${seconds.toFixed(1)} |\n`);
  const losses = deaths.map(({ mode, victim, clients, heartbeatSeconds }) => {
    const { node, pod, outside, app } = clients;
    const cells = [node, pod, outside].map(gap);
    const failed = `${String(app.failures.length)} of ${String(app.asked)}`;
    return `| ${[mode, victim, ...cells, heartbeatSeconds.toFixed(1), failed].join(" | ")} |\n`;
  });
  process.stdout.write(
    `\n| what | seconds |\n|---|---:|\n${rows.join("")}` +
      `\n| endpoint | host killed | a node | a pod | outside | heartbeat | app requests failed |\n` +
      `|---|---|---:|---:|---:|---:|---:|\n${losses.join("")}\n`,
  );
}

/** The longest time without an answer, and how many requests failed meanwhile. */
function gap({ gapSeconds, failures, asked }: Watched): string {
  return `${gapSeconds.toFixed(1)} (${String(failures.length)}/${String(asked)})`;
}
