import { type EngineEvent, nameOf, readEvents } from "./events.ts";

/** What a resource's row said, in whole seconds since the engine's first event, until it said the next thing. */
export interface PhaseTime {
  readonly resource: string;
  readonly what: string;
  readonly begins: number;
  readonly takes: number;
}

/** Reads an event log of the engine: what took a second or more, in its order. */
export function phaseTimes(log: string): readonly PhaseTime[] {
  const events = readEvents(log);
  const first = events[0]?.timestamp ?? 0;
  const open = new Map<string, { what: string; since: number }>();
  const times: PhaseTime[] = [];
  for (const event of events) {
    const { urn, said } = readRow(event);
    const last = open.get(urn);
    if (last?.what === said) continue;
    const { timestamp } = event;
    if (last)
      times.push({ ...named(urn, last.what), begins: last.since - first, takes: timestamp - last.since });
    open.delete(urn);
    if (said !== undefined) open.set(urn, { what: said, since: timestamp });
  }
  return times.filter(({ takes }) => takes > 0).sort((a, b) => a.begins - b.begins);
}

/** What a row says now; undefined once its resource is done. */
function readRow({ diagnosticEvent, resOutputsEvent }: EngineEvent): { urn: string; said?: string } {
  if (diagnosticEvent?.ephemeral === true && diagnosticEvent.message.trim() !== "") {
    return { urn: diagnosticEvent.urn ?? "", said: diagnosticEvent.message.trim() };
  }
  return { urn: resOutputsEvent?.metadata.urn ?? "" };
}

function named(urn: string, what: string): Pick<PhaseTime, "resource" | "what"> {
  const short = what.length > 70 ? `${what.slice(0, 69)}…` : what;
  return { resource: nameOf(urn), what: short };
}
