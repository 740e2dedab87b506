import type { ExitCode } from "../../clusters/waves/next-step.ts";
import type { TargetState } from "../../clusters/waves/rollout.ts";

/** What happens in a run, for people as lines and for programs as JSON: one object a line. */
export type FleetEvent =
  | {
      readonly type: "begins";
      readonly app: string;
      /** The clusters of each wave. */
      readonly waves: readonly (readonly string[])[];
      /** The names of the waves, which need not differ. */
      readonly names: readonly string[];
      /** Where each cluster is at the beginning. */
      readonly states: Readonly<Record<string, TargetState>>;
      readonly resumed: boolean;
    }
  | {
      readonly type: "wave";
      readonly app: string;
      readonly wave: string;
      readonly do: "advance" | "verify" | "revert";
      readonly clusters: readonly string[];
    }
  | {
      readonly type: "cluster";
      readonly app: string;
      readonly cluster: string;
      readonly state: TargetState;
      readonly reason?: string;
    }
  /** A wave may not begin now, or does so all the same; `opens` is the time at which it may, if that is within two weeks. */
  | {
      readonly type: "window";
      readonly app: string;
      readonly wave: string;
      readonly ignored: boolean;
      readonly opens?: string;
    }
  | { readonly type: "approval"; readonly app: string; readonly wave: string }
  | { readonly type: "ends"; readonly app: string; readonly exitCode: ExitCode; readonly reason?: string };

/** An event as one line for people. Pure. */
export function describeEvent(event: FleetEvent): string {
  const { app } = event;
  switch (event.type) {
    case "begins": {
      const waves = event.waves.map((clusters, index) => `${index + 1}: ${some(clusters)}`).join("; ");
      return `${app}: ${event.resumed ? "goes on" : "begins"} in ${event.waves.length} waves: ${waves}`;
    }
    case "wave":
      return `${app}: wave "${event.wave}": ${doing[event.do]} ${some(event.clusters)}`;
    case "cluster":
      return `${app}: ${event.cluster} is ${event.state}${event.reason === undefined ? "" : `: ${event.reason}`}`;
    case "window":
      return event.ignored
        ? `${app}: wave "${event.wave}" begins outside of its window`
        : `${app}: wave "${event.wave}" waits for its window, which opens ${event.opens ?? "in more than two weeks"}: run the same command then, or now with --now`;
    case "approval":
      return `${app}: wave "${event.wave}" waits until somebody agrees: run the same command with --approve`;
    case "ends":
      return `${app}: ${endings[event.exitCode]}${event.reason === undefined ? "" : `: ${event.reason}`}`;
  }
}

const doing = {
  advance: "brings the release to",
  verify: "waits for",
  revert: "takes the release back from",
};

const endings: Readonly<Record<ExitCode, string>> = {
  0: "every cluster runs the release",
  2: "halted",
  3: "rolled back",
  4: "some clusters still wait for the release",
};

function some(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}
