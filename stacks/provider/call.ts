import { setMaxListeners } from "node:events";
import type { Intent } from "../../bootstrap/operation.ts";
import { KeelsonError } from "../../errors.ts";
import type { Masker } from "../../remote/mask.ts";
import type { RunnerPool } from "../../remote/runner.ts";
import type { ExtraImage } from "../../toolchain/image-recipes.ts";
import { describeFailure } from "./failure.ts";
import { type EngineLog, Row } from "./progress.ts";
import type { Call, Prior } from "./resource.ts";
import { recordIntent } from "./record-intent.ts";
import { stopAt } from "./stop-at.ts";
import { isPublicPem, openTexts, reveal, secretTexts, type Value } from "./values.ts";
import type { World } from "./world.ts";

/** What every request about one resource carries. */
export interface Subject {
  readonly urn: string;
  /** In seconds; 0 if the program says nothing. */
  readonly timeout: number;
}

/** The resource type of a URN. */
export function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? urn;
}

/** What all calls of one provider share. */
export interface Shared {
  readonly world: World;
  readonly engine: EngineLog;
  readonly masker: Masker;
  readonly pool: RunnerPool;
  readonly cancelled: AbortSignal;
  /** What was said of silent hosts in this run. */
  readonly silences: Set<string>;
  /** The resources that this run found in state, by URN. */
  readonly standing: ReadonlyMap<string, Prior<unknown, Record<string, unknown>>>;
}

/** A call of the engine that is being served. */
export interface OpenCall extends Call {
  /** True as soon as something outside was, or may have been, changed. */
  readonly touched: boolean;
  /** What a person reads about a failure of this call. Masked. */
  explain(error: unknown): string;
  /** Ends the row; after a preview it lists what an update would do. Resolves when every lasting line was shown. */
  close(): Promise<void>;
}

/** Only `work` may change anything; a preview ends with the list of what work would change. */
export type CallMode = "work" | "preview" | "read";

const defaultTimeoutSeconds = 30 * 60;

/** Begins a call: its signal, its row, its record of what it touched. `values` hold the secrets to mask. */
export function openCall(
  shared: Shared,
  subject: Subject,
  mode: CallMode,
  values: readonly Value[],
): OpenCall {
  registerSecrets(shared.masker, values);
  const seconds = subject.timeout > 0 ? subject.timeout : defaultTimeoutSeconds;
  const late = AbortSignal.timeout(seconds * 1000);
  const signal = AbortSignal.any([shared.cancelled, late]);
  setMaxListeners(0, signal);
  const row = new Row(shared.engine, shared.masker, subject.urn);
  const intents: Intent[] = [];
  const onPhase = stopAt(typeOf(subject.urn));
  const onProgress = (line: string): void => {
    row.status(line);
  };
  return {
    world: shared.world,
    standing: shared.standing.get(subject.urn),
    operation: {
      pool: shared.pool,
      signal,
      preview: mode !== "work",
      log: (host, line) => {
        row.status(`${host}: ${line}`);
      },
      onIntent: (intent) => {
        intents.push(intent);
        recordIntent(mode, intent);
        if (mode === "work") row.status(`${intent.host}: ${intent.what}`);
      },
      onSilence: (why) => {
        // One cause makes many resources silent: a person reads it once.
        if (!shared.silences.has(why)) row.note("warning", `${why}. The state is taken as it was`);
        shared.silences.add(why);
      },
      onWarning: ({ host, message }) => {
        row.note("warning", `${host}: ${message}`);
      },
      bundle: (kubernetes) =>
        shared.world.bundle(kubernetes, { extraImages: extraImagesOf(values[0]), onProgress }),
      ...(onPhase === undefined ? {} : { onPhase }),
    },
    warn: (message) => {
      row.note("warning", message);
    },
    inform: (message) => {
      row.note("info", message);
    },
    get touched() {
      return mode === "work" && intents.length > 0;
    },
    explain: (error) => shared.masker.mask(describeFailure(timedOut(error, late, seconds))),
    close: () => {
      if (mode === "preview" && intents.length > 0) row.note("info", listIntents(intents));
      return row.close();
    },
  };
}

/** One line per host, in the order in which hosts are first named. */
function listIntents(intents: readonly Intent[]): string {
  const byHost = new Map<string, string[]>();
  const assumed = new Set<string>();
  for (const { host, what, isAssumed } of intents) {
    byHost.set(host, [...(byHost.get(host) ?? []), what]);
    if (isAssumed) assumed.add(host);
  }
  const mark = (host: string): string => (assumed.has(host) ? " (not there yet: taken to be blank)" : "");
  return [...byHost].map(([host, list]) => `${host}: ${list.join("; ")}${mark(host)}`).join("\n");
}

/** The images that a cluster's nodes hold besides Kubernetes' own. */
function extraImagesOf(inputs: Value | undefined): readonly ExtraImage[] {
  const { cluster } = (reveal(inputs ?? null) ?? {}) as { cluster?: { extraImages?: readonly ExtraImage[] } };
  return cluster?.extraImages ?? [];
}

function timedOut(error: unknown, late: AbortSignal, seconds: number): unknown {
  const aborted = KeelsonError.is(error) && error.code === "KEELSON_ABORTED";
  if (!late.aborted || !aborted) return error;
  const message = `${error.message}; its time limit of ${seconds} s is over`;
  return new KeelsonError("KEELSON_TIMEOUT", message, {
    fix: "Run the same command again, or give the resource longer customTimeouts",
    cause: error,
  });
}

/** Text that the same properties show openly (names, addresses, certificates) is not hidden. */
function registerSecrets(masker: Masker, values: readonly Value[]): void {
  const open = new Set(values.flatMap((value) => openTexts(value)));
  for (const text of values.flatMap((value) => secretTexts(value))) {
    if (!open.has(text) && !isPublicPem(text)) masker.add(text);
  }
}
