import type { Intent, Operation } from "../../bootstrap/operation.ts";
import type { Change } from "./changes.ts";
import type { Checker } from "./checker.ts";
import type { World } from "./world.ts";

/** What one call of the engine gives a resource to work with. */
export interface Call {
  /** For bootstrap: the runners, the signal, whether this is a preview, and where progress goes. */
  readonly operation: Operation;
  readonly world: World;
  /** What the run found in state under this name. A resource that is created all the same replaces it. */
  readonly standing: Prior<unknown, Record<string, unknown>> | undefined;
  /** A lasting warning on the resource's row. */
  readonly warn: (message: string) => void;
  /** Lasting lines on the resource's row, in a preview for example. */
  readonly inform: (message: string) => void;
}

/** A resource as an earlier run left it. Values are the newest that were tried, and may be incomplete after a failure. */
export interface Prior<Inputs, Outputs> {
  readonly id: string;
  readonly inputs: Inputs;
  /** The inputs of the last run that finished. @default - `inputs` */
  readonly settled?: Inputs;
  readonly outputs: Partial<Outputs>;
}

/** Says what a changed property means. */
export interface DiffRules {
  /** Properties that say how to reach something, not what it should be: changing one is no difference. */
  readonly ignores?: (parts: Change["parts"]) => boolean;
  /** Properties that only a new resource can change. The old one is deleted first. */
  readonly replaces?: (parts: Change["parts"]) => boolean;
}

/** Outputs of a resource whose live state may drift. */
export interface Drifting {
  /** What the next update would change, found by Read. */
  readonly pending: readonly Intent[];
}

/**
 * One kind of resource. In a preview `operation.preview` is true: `create` and `update` touch nothing, inputs that are
 * not known yet are undefined, and outputs left out are unknown (create) or stay as they were (update).
 */
export interface Resource<Inputs, Outputs> {
  /** The type token, `keelson:index:LocalMachine`. */
  readonly type: string;
  /** The names of all outputs. */
  readonly outputs: readonly (keyof Outputs & string)[];
  readonly secretOutputs: readonly (keyof Outputs & string)[];
  /** Whether a plain `up` reads the live state first, so that it repairs. */
  readonly refreshBeforeUpdate: boolean;
  readonly diff: DiffRules;
  /** Names what is wrong with the inputs. Pure; unknown values are passed over. */
  check(inputs: Checker): void;
  /** The resource's id, known before anything is touched. */
  id(inputs: Inputs): string;
  create(call: Call, inputs: Inputs): Promise<Created<Outputs>>;
  update(call: Call, inputs: Inputs, prior: Prior<Inputs, Outputs>): Promise<Partial<Outputs>>;
  /** The live state: outputs that differ, "gone", or "silent" if nothing answered and the state is kept. */
  read(call: Call, prior: Prior<Inputs, Outputs>): Promise<Partial<Outputs> | "gone" | "silent">;
  delete(call: Call, prior: Prior<Inputs, Outputs>): Promise<void>;
}

export interface Created<Outputs> {
  /** @default - the id that the inputs give */
  readonly id?: string;
  readonly outputs: Partial<Outputs>;
}

/** A resource of any kind, as the provider holds it: inputs and outputs are what Check accepted and Create returned. */
export type AnyResource = Resource<unknown, Record<string, unknown>>;

/** Forgets a kind's own types. The engine passes back only what the same kind accepted or returned. */
export function anyResource<Inputs, Outputs extends object>(
  resource: Resource<Inputs, Outputs>,
): AnyResource {
  return resource;
}
