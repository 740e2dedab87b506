import { KeelsonError } from "../../errors.ts";
import { Masker } from "../../remote/mask.ts";
import type { RunnerPool } from "../../remote/runner.ts";
import { type ApiProxy, openApiProxy, type ApiProxySettings } from "./api-proxy.ts";
import { Checker, type CheckProblem } from "./checker.ts";
import { type CallMode, openCall, type OpenCall, type Subject, typeOf } from "./call.ts";
import { diffResource, type ResourceDiff } from "./diff.ts";
import { describeFailure, PartialFailure } from "./failure.ts";
import type { EngineLog } from "./progress.ts";
import type { AnyResource, Prior } from "./resource.ts";
import { settle, type Stored, unfinishedKey } from "./state.ts";
import { isRecord, peel, reveal, type Value, type ValueRecord } from "./values.ts";
import type { World } from "./world.ts";

export interface Outcome {
  readonly id: string;
  readonly outputs: Value;
  readonly refreshBeforeUpdate: boolean;
}

export interface ProviderOptions {
  readonly resources: readonly AnyResource[];
  readonly world: World;
  readonly engine: EngineLog;
}

/** What the engine asks of keelson's resources, free of gRPC. */
export class Provider {
  readonly #resources: ReadonlyMap<string, AnyResource>;
  readonly #options: ProviderOptions;
  readonly #masker = new Masker();
  readonly #silences = new Set<string>();
  readonly #standing = new Map<string, Prior<unknown, Record<string, unknown>>>();
  #pool: RunnerPool | undefined;
  #working = 0;
  #isEnding = false;
  #proxy: ApiProxy | undefined;
  #cancel = new AbortController();

  constructor(options: ProviderOptions) {
    this.#options = options;
    this.#resources = new Map(options.resources.map((resource) => [resource.type, resource]));
  }

  /** Takes the provider's own settings: `apiProxy` opens the way to a cluster's API, for as long as the provider lives. */
  async configure(config: Value): Promise<void> {
    const text = peel(isRecord(config) ? config["apiProxy"] : undefined);
    if (typeof text !== "string") return;
    const settings = JSON.parse(text) as ApiProxySettings;
    this.#masker.add(settings.password);
    await this.#proxy?.close();
    this.#proxy = await openApiProxy(settings, this.#openPool());
  }

  /** Names what is wrong with the inputs. Does no I/O. */
  check(urn: string, inputs: Value): readonly CheckProblem[] {
    const checker = new Checker(inputs);
    this.#resource(urn).check(checker);
    return checker.problems;
  }

  /** Says what differs, from the given values alone. */
  diff(urn: string, stored: Stored, inputs: Value): ResourceDiff {
    this.#standing.set(urn, priorOf(stored));
    return diffResource(this.#resource(urn), stored, inputs);
  }

  /** Makes a resource, or lists what that would do. */
  async create(subject: Subject, inputs: Value, preview: boolean): Promise<Outcome> {
    const resource = this.#resource(subject.urn);
    const call = this.#open(subject, preview ? "preview" : "work", [inputs]);
    const plain = reveal(inputs);
    try {
      const created = await resource.create(call, plain);
      const id = created.id ?? (preview ? "" : resource.id(plain));
      return outcome(resource, id, settle(resource, { outputs: created.outputs, preview }));
    } catch (error) {
      throw this.#failed(resource, call, error, () => ({
        id: resource.id(plain),
        outputs: settle(resource, { outputs: {}, unfinished: { reason: call.explain(error) } }),
      }));
    } finally {
      await this.#close(call);
    }
  }

  /** Brings a resource to its inputs, goes on with a broken one, or lists what that would do. */
  async update(subject: Subject, stored: Stored, inputs: Value, preview: boolean): Promise<Outcome> {
    const resource = this.#resource(subject.urn);
    const values = [inputs, stored.inputs, stored.outputs];
    const call = this.#open(subject, preview ? "preview" : "work", values);
    try {
      const changed = await resource.update(call, reveal(inputs), priorOf(stored));
      const outputs = settle(resource, { before: stored.outputs, outputs: changed, preview });
      return outcome(resource, stored.id, outputs);
    } catch (error) {
      const unfinished = { reason: call.explain(error), inputs };
      throw this.#failed(resource, call, error, () => ({
        id: stored.id,
        outputs: settle(resource, { before: stored.outputs, outputs: {}, unfinished }),
      }));
    } finally {
      await this.#close(call);
    }
  }

  /** Reads the live state; undefined if the resource is gone. One that does not answer keeps its state. */
  async read(subject: Subject, stored: Stored): Promise<Outcome | undefined> {
    const resource = this.#resource(subject.urn);
    if (!isRecord(stored.inputs) || Object.keys(stored.inputs).length === 0)
      throw cannotImport(resource.type);
    const call = this.#open(subject, "read", [stored.inputs, stored.outputs]);
    try {
      const found = await readLeniently(resource, call, priorOf(stored));
      this.#standing.delete(subject.urn);
      if (found === "gone") return undefined;
      this.#standing.set(subject.urn, priorOf(stored));
      const outputs =
        found === "silent"
          ? stored.outputs
          : settle(resource, { before: stored.outputs, outputs: found, keepUnfinished: true });
      return outcome(resource, stored.id, outputs);
    } finally {
      await this.#close(call);
    }
  }

  /** Ends a resource. */
  async delete(subject: Subject, stored: Stored): Promise<void> {
    const resource = this.#resource(subject.urn);
    const call = this.#open(subject, "work", [stored.inputs, stored.outputs]);
    try {
      await resource.delete(call, priorOf(stored));
    } catch (error) {
      throw new Error(call.explain(error), { cause: error });
    } finally {
      await this.#close(call);
    }
  }

  /**
   * Aborts everything in flight, which then saves what it did. Later calls are not affected. The engine cancels at the
   * end of every run, too: clusters that were held are given back as soon as nothing is in flight.
   */
  async cancel(): Promise<void> {
    this.#cancel.abort();
    this.#cancel = new AbortController();
    this.#isEnding = true;
    await this.#releaseIfIdle();
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.cancel();
    await this.#options.world.leases.release();
    await this.#proxy?.close();
    this.#proxy = undefined;
    await this.#pool?.close();
    this.#pool = undefined;
  }

  /** Hides every registered secret. */
  mask(text: string): string {
    return this.#masker.mask(text);
  }

  #resource(urn: string): AnyResource {
    const type = typeOf(urn);
    const resource = this.#resources.get(type);
    if (resource !== undefined) return resource;
    const known = [...this.#resources.keys()].join(", ");
    throw new KeelsonError("KEELSON_NOT_SUPPORTED", `Cannot handle "${type}": the types are ${known}`);
  }

  async #releaseIfIdle(): Promise<void> {
    if (this.#isEnding && this.#working === 0) await this.#options.world.leases.release();
  }

  async #close(call: OpenCall): Promise<void> {
    this.#working -= 1;
    await call.close();
    await this.#releaseIfIdle();
  }

  #open(subject: Subject, mode: CallMode, values: readonly Value[]): OpenCall {
    const { world, engine } = this.#options;
    this.#working += 1;
    this.#pool ??= world.openPool(this.#masker);
    const [masker, pool, cancelled] = [this.#masker, this.#pool, this.#cancel.signal];
    const shared = {
      world,
      engine,
      masker,
      pool,
      cancelled,
      silences: this.#silences,
      standing: this.#standing,
    };
    return openCall(shared, subject, mode, values);
  }

  #openPool(): RunnerPool {
    this.#pool ??= this.#options.world.openPool(this.#masker);
    return this.#pool;
  }

  #failed(
    resource: AnyResource,
    call: OpenCall,
    error: unknown,
    state: () => { id: string; outputs: Value },
  ): Error {
    const message = call.explain(error);
    if (!call.touched) return new Error(message, { cause: error });
    return new PartialFailure(message, { ...state(), refreshBeforeUpdate: resource.refreshBeforeUpdate });
  }
}

/** The newest inputs that were tried: those of an unfinished update, which the engine does not keep, or the stored ones. */
function priorOf(stored: Stored): Prior<unknown, Record<string, unknown>> {
  const outputs: ValueRecord = isRecord(stored.outputs) ? stored.outputs : {};
  const unfinished = peel(outputs[unfinishedKey]);
  const tried = isRecord(unfinished) ? peel(unfinished["inputs"]) : undefined;
  return {
    id: stored.id,
    inputs: reveal(tried ?? stored.inputs),
    settled: reveal(stored.inputs),
    outputs: reveal(outputs) as Record<string, unknown>,
  };
}

async function readLeniently(
  resource: AnyResource,
  call: OpenCall,
  prior: Prior<unknown, Record<string, unknown>>,
): ReturnType<AnyResource["read"]> {
  try {
    return await resource.read(call, prior);
  } catch (error) {
    call.warn(`The live state could not be read and is taken as it was: ${describeFailure(error)}`);
    return "silent";
  }
}

function outcome(resource: AnyResource, id: string, outputs: Value): Outcome {
  return { id, outputs, refreshBeforeUpdate: resource.refreshBeforeUpdate };
}

function cannotImport(type: string): KeelsonError {
  return new KeelsonError(
    "KEELSON_NOT_SUPPORTED",
    `Cannot import a ${type}: only resources that keelson made are known`,
  );
}
