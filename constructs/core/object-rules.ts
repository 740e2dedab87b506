import type { IConstruct } from "constructs";
import { minors } from "../kubernetes/schema.ts";
import { type Catalogue, catalogueOf, type KindSchema, lifecycleOf } from "../schema/catalogue.ts";
import type { CustomKind } from "../schema/custom.ts";
import { suggest } from "../schema/near.ts";
import type { Problem } from "../schema/problem.ts";
import { validate } from "../schema/validate.ts";
import { customKinds, wellKnownKind } from "./custom-resources.ts";
import { findAt, type Flaw } from "./exceptions.ts";
import type { Finding, FindingCode } from "./finding.ts";
import { profileOf } from "./profile.ts";
import type { Rendered } from "./rendered.ts";

/** What the cluster's version of Kubernetes would refuse, drop or warn of. */
export function findInObjects(scope: IConstruct, rendered: readonly Rendered[]): readonly Finding[] {
  const definitions = rendered.filter(({ json }) => json["kind"] === "CustomResourceDefinition");
  const custom = customKinds(
    scope,
    definitions.map(({ json }) => json),
  );
  return rendered.flatMap((each) => new ObjectCheck(each, custom).findings());
}

class ObjectCheck {
  readonly #rendered: Rendered;
  readonly #custom: ReadonlyMap<string, CustomKind>;
  readonly #catalogue: Catalogue;
  readonly #api: readonly [apiVersion: string, kind: string];

  constructor(rendered: Rendered, custom: ReadonlyMap<string, CustomKind>) {
    this.#rendered = rendered;
    this.#custom = custom;
    this.#catalogue = catalogueOf(profileOf(rendered.object).kubernetes);
    this.#api = [String(rendered.json["apiVersion"]), String(rendered.json["kind"])];
  }

  findings(): readonly Finding[] {
    const own = this.#catalogue.find(...this.#api);
    const custom = this.#custom.get(this.#name) ?? wellKnownKind(...this.#api);
    const schema = own ?? (custom?.served === true ? custom : undefined);
    if (schema === undefined) return [this.#findUnknown()];
    const problems = validate(this.#rendered.json, schema.type).map((problem) =>
      this.#find(problem.code, problem.path, own ? this.#withOtherMinors(problem) : problem),
    );
    return [...problems, ...this.#findLeaving(own, custom)];
  }

  get #name(): string {
    return this.#api.join(" ");
  }

  #find(code: FindingCode, fieldPath: string, flaw: Flaw): Finding {
    return findAt(this.#rendered.object, code, fieldPath, flaw);
  }

  // A field of a newer version is no misspelling.
  #withOtherMinors(problem: Problem): Flaw {
    if (problem.code !== "unknown-field") return problem;
    const knowing = minors.filter((minor) => {
      const type = catalogueOf(minor).find(...this.#api)?.type;
      return type && !validate(this.#rendered.json, type).some(({ path }) => path === problem.path);
    });
    if (knowing.length === 0) return problem;
    return {
      message: `Kubernetes ${this.#catalogue.minor} has no such field, ${knowing.join(" and ")} has it`,
      fix: "Leave it out, or bring the cluster to that version and say so in its profile",
    };
  }

  #findUnknown(): Finding {
    const [apiVersion, kind] = this.#api;
    const minor = this.#catalogue.minor;
    const lifecycle = lifecycleOf(apiVersion, kind);
    if (lifecycle && lifecycle.removed <= minorNumber(minor)) {
      const message = `${this.#name} is gone since Kubernetes 1.${lifecycle.removed}`;
      const fix = lifecycle.replacement ? `Use ${lifecycle.replacement}` : "Use what has taken its place";
      return this.#find("removed-api", "apiVersion", { message, fix });
    }
    const known = [...this.#catalogue.kinds, ...this.#custom.keys()];
    const group = groupOf(apiVersion);
    if (known.some((name) => groupOf(name) === group)) {
      const message = `Kubernetes ${minor} has no ${this.#name}`;
      return this.#find("unknown-kind", "kind", {
        message,
        fix: suggest(this.#name, sameFirst(known, group, kind)),
      });
    }
    return this.#find("unchecked-kind", "kind", {
      message: `nothing is known of ${this.#name}, so nobody checks its fields`,
      fix: "Register its definition with registerCrds, or put it into the app",
    });
  }

  #findLeaving(own: KindSchema | undefined, custom: CustomKind | undefined): readonly Finding[] {
    const [apiVersion, kind] = this.#api;
    if (own === undefined) {
      const message = custom?.deprecation;
      const fix = "Use another version of the kind";
      return message === undefined ? [] : [this.#find("deprecated-api", "apiVersion", { message, fix })];
    }
    const lifecycle = lifecycleOf(apiVersion, kind);
    if (lifecycle && lifecycle.deprecated <= minorNumber(this.#catalogue.minor)) {
      const end = lifecycle.removed === Infinity ? "" : `, and gone in 1.${lifecycle.removed}`;
      const message = `${this.#name} is deprecated since Kubernetes 1.${lifecycle.deprecated}${end}`;
      const fix = lifecycle.replacement ? `Use ${lifecycle.replacement}` : "Plan to do without it";
      return [this.#find("deprecated-api", "apiVersion", { message, fix })];
    }
    if (!/v\d+(alpha|beta)\d+$/.test(apiVersion)) return [];
    const message = `clusters do not serve ${apiVersion} unless they are told to`;
    const fix = "Turn the API on where the cluster is made, and allow it with that reason";
    return [this.#find("preview-api", "apiVersion", { message, fix })];
  }
}

function groupOf(api: string): string {
  const [version = ""] = api.split(" ");
  return version.includes("/") ? version.slice(0, version.indexOf("/")) : "";
}

function minorNumber(minor: string): number {
  return Number(minor.split(".")[1]);
}

// The same kind of another version is the likeliest meaning, then another kind of the group.
function sameFirst(known: readonly string[], group: string, kind: string): readonly string[] {
  const sameKind = known.filter((name) => name.endsWith(` ${kind}`));
  return sameKind.length > 0 ? sameKind : known.filter((name) => groupOf(name) === group);
}
