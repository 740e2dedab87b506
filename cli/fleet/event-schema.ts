import { targetStates } from "../../clusters/waves/rollout.ts";

const text = { type: "string" } as const;
const texts = { type: "array", items: text } as const;
const time = { type: "string", format: "date-time" } as const;
const flag = { type: "boolean" } as const;
const state = { enum: targetStates } as const;

/** JSON Schema of an event as `--json` prints it, one a line; `at` is the time. It is `docs/fleet-events.schema.json`, too. */
export const fleetEventSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "An event of keelson fleet up or rollback",
  oneOf: [
    event("begins", {
      waves: { type: "array", items: texts },
      names: texts,
      states: { type: "object", additionalProperties: state },
      resumed: flag,
    }),
    event("wave", { wave: text, do: { enum: ["advance", "verify", "revert"] }, clusters: texts }),
    event("cluster", { cluster: text, state }, { reason: text }),
    event("window", { wave: text, ignored: flag }, { opens: time }),
    event("approval", { wave: text }),
    event("ends", { exitCode: { enum: [0, 2, 3, 4] } }, { reason: text }),
  ],
} as const;

type Properties = Readonly<Record<string, object>>;

interface EventSchema {
  readonly type: "object";
  readonly properties: Properties & { readonly type: { readonly const: string } };
  readonly required: readonly string[];
  readonly additionalProperties: false;
}

function event(type: string, required: Properties, optional: Properties = {}): EventSchema {
  const all = { type: { const: type }, at: time, app: text, ...required };
  return {
    type: "object",
    properties: { ...all, ...optional },
    required: Object.keys(all),
    additionalProperties: false,
  };
}
