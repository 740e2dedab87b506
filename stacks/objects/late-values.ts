import { createHmac } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { IResolver, ResolutionContext } from "cdk8s";
import {
  isLate,
  isLateToken,
  type Late,
  lateMark,
  lateResolverMark,
  lateTokenStart,
  lateValue,
} from "../../constructs/late.ts";
import { KeelsonError } from "../../errors.ts";

/**
 * Carries late values through cdk8s: a token stands for each of them while cdk8s renders, and the Output takes
 * the token's place afterwards.
 */
export class LateValues implements IResolver {
  readonly [lateResolverMark] = true;
  readonly #values: Late<unknown>[] = [];
  readonly #unwrapped = new WeakSet<Late<unknown>>();
  readonly #digestKey: pulumi.Output<string>;

  /** The key makes digests of secrets worthless to who can read pods. */
  constructor(digestKey: pulumi.Output<string>) {
    this.#digestKey = digestKey;
  }

  /** Called by cdk8s for every value that it renders. */
  resolve(context: ResolutionContext): void {
    const value: unknown = context.value;
    const late = pulumi.Output.isInstance(value) ? this.#adopt(value) : value;
    if (isLate(late)) context.replaceValue(`${lateTokenStart}${this.#values.push(late) - 1}${tokenEnd}`);
  }

  /** True for an Output that was given as it is, so that nobody has said whether it is a secret. */
  isUnwrapped(value: Late<unknown>): boolean {
    return this.#unwrapped.has(value);
  }

  /** The late values in a rendered object, each with its dotted path. */
  find(rendered: unknown, path = ""): readonly (readonly [string, Late<unknown>])[] {
    const own = this.#valueOf(rendered);
    if (own !== undefined) return [[path, own]];
    if (typeof rendered !== "object" || rendered === null) return [];
    return Object.entries(rendered).flatMap(([key, inner]) =>
      this.find(inner, path ? `${path}.${key}` : key),
    );
  }

  /** The rendered object with Outputs in place of the tokens. */
  fill(rendered: unknown): unknown {
    const own = this.#valueOf(rendered);
    if (own !== undefined) return this.#outputOf(own);
    if (Array.isArray(rendered)) return rendered.map((item) => this.fill(item));
    if (typeof rendered !== "object" || rendered === null) return rendered;
    return Object.fromEntries(Object.entries(rendered).map(([key, inner]) => [key, this.fill(inner)]));
  }

  #adopt(output: pulumi.Output<unknown>): Late<unknown> {
    const adopted = lateValue<unknown>(output, { secret: false });
    this.#unwrapped.add(adopted);
    return adopted;
  }

  #valueOf(rendered: unknown): Late<unknown> | undefined {
    if (typeof rendered !== "string" || !isLateToken(rendered)) return undefined;
    return this.#values[Number(rendered.slice(lateTokenStart.length, -tokenEnd.length))];
  }

  #outputOf(value: Late<unknown>): pulumi.Output<unknown> {
    const source = value[lateMark];
    if (source.kind === "digest") return this.#digest(source.of);
    const output = pulumi.output(source.value);
    return value.secret ? output : refuseSecret(output);
  }

  #digest(of: Readonly<Record<string, string | Late<string>>>): pulumi.Output<string> {
    const parts = Object.entries(of).map(([name, value]) =>
      pulumi.all([name, isLate(value) ? this.#outputOf(value) : value]),
    );
    const digest = pulumi
      .all([this.#digestKey, pulumi.all(parts)])
      .apply(([key, values]) => createHmac("sha256", key).update(JSON.stringify(values)).digest("hex"));
    // A keyed digest tells nothing of the secret, and a secret here would hide the whole pod in every preview.
    return pulumi.unsecret(digest);
  }
}

const tokenEnd = "\u{E001}";

function refuseSecret(output: pulumi.Output<unknown>): pulumi.Output<unknown> {
  return pulumi.output(pulumi.isSecret(output)).apply((isSecret) => {
    if (!isSecret) return output;
    throw new KeelsonError(
      "KEELSON_INVALID_CONSTRUCT",
      "Cannot render a late value: its Output is a secret",
      {
        fix: "Use lateSecret(output), which is kept in a Secret",
      },
    );
  });
}
