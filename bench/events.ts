/** What the benchmarks read of an event of the engine. */
export interface EngineEvent {
  /** Whole seconds. */
  readonly timestamp: number;
  readonly resourcePreEvent?: { readonly metadata: { readonly urn: string; readonly op: string } };
  readonly resOutputsEvent?: { readonly metadata: { readonly urn: string } };
  readonly diagnosticEvent?: {
    readonly urn?: string;
    readonly message: string;
    readonly ephemeral?: boolean;
  };
}

/** Reads an event log, one JSON object a line. */
export function readEvents(log: string): readonly EngineEvent[] {
  return log
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as EngineEvent);
}

/** The kind of a resource and its name, `WorkerNode east-w1` for example. */
export function nameOf(urn: string): string {
  const [, , type = "", name = ""] = urn.split("::");
  return `${type.split(":").at(-1) ?? ""} ${name}`;
}
