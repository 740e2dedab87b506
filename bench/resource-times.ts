import { nameOf, readEvents } from "./events.ts";

/** When the engine worked on a resource, in whole seconds since its first event. */
export interface ResourceTime {
  readonly name: string;
  readonly begins: number;
  readonly takes: number;
}

/** Reads an event log of the engine: the resources that took a second or more, in their order. */
export function resourceTimes(log: string): readonly ResourceTime[] {
  const events = readEvents(log);
  const first = events[0]?.timestamp ?? 0;
  const begun = new Map<string, number>();
  const times: ResourceTime[] = [];
  for (const { timestamp, resourcePreEvent, resOutputsEvent } of events) {
    if (resourcePreEvent?.metadata.op === "create") begun.set(resourcePreEvent.metadata.urn, timestamp);
    const urn = resOutputsEvent?.metadata.urn ?? "";
    const start = begun.get(urn);
    if (start !== undefined)
      times.push({ name: nameOf(urn), begins: start - first, takes: timestamp - start });
  }
  return times.filter(({ takes }) => takes > 0).sort((a, b) => a.begins - b.begins);
}
